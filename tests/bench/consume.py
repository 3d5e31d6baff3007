"""A consumer with messages waiting in the bulk queue, inbox and one row each. Straight: `tests.bench.straight_consume`,
round about with ours. The same work by a handler of single messages comes on a line of its own."""

from __future__ import annotations

from tests.bench import report, rounds
from tests.bench.ground import servers
from tests.bench.lap import Lap, median

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
    tell("consume", n, ours, straight)
    tell("consume_single", few, single, straight)


def tell(bench: str, n: int, ours: list[Lap], straight: list[Lap]) -> None:
    mine, limit = median(ours), median(straight)
    report.tell(
        bench,
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
