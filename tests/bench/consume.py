"""A consumer with messages waiting in the bulk queue, inbox and one row each. Straight: `tests.bench.straight_consume`,
round about with ours. The same work by a handler of single messages comes on a line of its own."""

from __future__ import annotations

from tests.bench import report, rounds
from tests.bench.ground import servers
from tests.bench.lap import Lap

ROUNDS = 3


def main() -> None:
    n = report.size(100_000)
    few = max(2_000, n // 10)  # by the handler of single messages
    straight: list[Lap] = []
    ours: list[Lap] = []
    single: list[Lap] = []
    with servers() as ground:
        for _ in range(ROUNDS):
            rounds.straight_relays(ground, n)
            straight.append(rounds.straight_consumes(ground, n))
            rounds.relay(ground, n)
            ours.append(rounds.consume(ground, n))
            rounds.relay(ground, few)
            single.append(rounds.consume(ground, few, in_bulk=False))
    rounds.tell("consume", n, ours, straight)
    rounds.tell("consume_single", few, single, straight)


if __name__ == "__main__":
    main()
