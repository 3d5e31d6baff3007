"""The relay with rows waiting in the outbox. Straight: `tests.bench.straight_relay`, round about with ours."""

from __future__ import annotations

from tests.bench import report, rounds
from tests.bench.ground import servers
from tests.bench.lap import median

ROUNDS = 3


def main() -> None:
    n = report.size(100_000)
    ours, straight = [], []
    with servers() as ground:
        for _ in range(ROUNDS):
            straight.append(rounds.straight_relays(ground, n))
            ours.append(rounds.relay(ground, n))
    mine, limit = median(ours), median(straight)
    report.tell(
        "relay",
        n,
        mine.rate,
        "messages/s",
        limit.rate,
        cpu_us=round(mine.cpu_us, 1),
        straight_cpu_us=round(limit.cpu_us, 1),
        mib=mine.mib,
    )


if __name__ == "__main__":
    main()
