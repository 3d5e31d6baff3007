"""One round of each half of the bus, by the kit and by a plain script: what a relay leaves in the queue, a consumer
takes. Each is measured in a process of its own, alone on the machine."""

from __future__ import annotations

from collections.abc import Sequence

from shared.bus.topology import close, connect, queue_name
from shared.ids import new_id
from shared.messages import encode
from shared.messages.billing import InvoiceCreated
from tests.bench import report, straight_consume, straight_relay, traffic
from tests.bench.ground import Ground
from tests.bench.lap import Lap, Stopwatch, measure, median


def relay(ground: Ground, n: int, *, warm_up: int = 1) -> Lap:
    """n rows wait in the outbox: until all are confirmed and marked."""
    _purge(ground.broker)
    ground.empty("billing", "outbox")
    traffic.say(ground.billing, n)
    ground.settle("billing")
    return measure(traffic.relay, Stopwatch(n, warm_up), ground.billing, ground.broker)


def consume(ground: Ground, n: int, *, in_bulk: bool = True, warm_up: int = 1, left: int = 0) -> Lap:
    """What the relay has left in the bulk queue: until all of it is handled and acked, but for so many."""
    ground.empty("notifications", "inbox", "notes")
    ground.settle("notifications")
    return measure(traffic.work, Stopwatch(n - left, warm_up), ground.notifications, ground.broker, in_bulk)


def straight_relays(ground: Ground, n: int) -> Lap:
    straight_relay.declare(ground.broker)
    ground.empty("straight", "outbox")
    kind = InvoiceCreated.type_name()
    straight_relay.fill(ground.straight, ((new_id(), kind, encode(message)) for message in traffic.messages(n)))
    ground.settle("straight")
    return measure(straight_relay.run, Stopwatch(n), ground.straight, ground.broker)


def straight_consumes(ground: Ground, n: int) -> Lap:
    ground.empty("straight", "inbox", "notes")
    ground.settle("straight")
    return measure(straight_consume.run, Stopwatch(n), ground.straight, ground.broker)


def _purge(broker: str) -> None:
    connection = connect(broker)
    connection.channel().queue_purge(queue_name("notifications", bulk=True))
    close(connection)


def tell(bench: str, n: int, ours: Sequence[Lap], straight: Sequence[Lap]) -> None:
    """The medians of all rounds."""
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
