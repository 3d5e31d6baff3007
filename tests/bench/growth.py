"""Whether a message costs the same however many there are: 1,000 to 100,000 (`--n 1000000`: a million) by relay and
consumer, a line a size. `ratio` is its CPU a message by that of the smallest size."""

from __future__ import annotations

from shared.bus.consumer import PREFETCH
from tests.bench import report, rounds
from tests.bench.ground import servers
from tests.bench.lap import Lap, median

SIZES = (1_000, 10_000, 100_000, 1_000_000)
ROUNDS = {1_000: 9, 10_000: 5}  # what is over soon is measured more often
WARM_UP = 2_000  # messages before the clock starts; else the smallest size would be measured in first use of everything
AHEAD = PREFETCH  # messages behind: a consumer has read as many ahead when the clock starts as when it stops


def main() -> None:
    largest = report.size(100_000)
    smallest: dict[str, Lap] = {}
    with servers() as ground:
        for n in (size for size in SIZES if size <= largest):
            laps: dict[str, list[Lap]] = {"growth_relay": [], "growth_consume": []}
            for _ in range(ROUNDS.get(n, 1)):
                all_of_them = WARM_UP + n + AHEAD
                laps["growth_relay"].append(rounds.relay(ground, all_of_them, warm_up=WARM_UP))
                laps["growth_consume"].append(rounds.consume(ground, all_of_them, warm_up=WARM_UP, left=AHEAD))
            for bench, each in laps.items():
                lap = median(each)
                first = smallest.setdefault(bench, lap)
                report.tell(bench, n, lap.cpu_us, "us CPU a message", first.cpu_us, rate=round(lap.rate), mib=lap.mib)


if __name__ == "__main__":
    main()
