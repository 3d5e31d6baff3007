"""The relay with rows waiting in the outbox. Straight: `tests.bench.straight_relay`, round about with ours."""

from __future__ import annotations

from tests.bench import report, rounds
from tests.bench.ground import servers

ROUNDS = 3


def main() -> None:
    n = report.size(100_000)
    ours, straight = [], []
    with servers() as ground:
        for _ in range(ROUNDS):
            straight.append(rounds.straight_relays(ground, n))
            ours.append(rounds.relay(ground, n))
    rounds.tell("relay", n, ours, straight)


if __name__ == "__main__":
    main()
