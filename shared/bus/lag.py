"""How far a service is behind, asked of its tables when somebody looks: gauges for Prometheus, lines for people."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
import structlog
from prometheus_client import REGISTRY, start_http_server
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError

from shared import clock
from shared.bus.inbox import IS_OPEN, NOT_HANDLED, InboxRow
from shared.bus.ticks import TickRow
from shared.outbox import OutboxRow
from shared.service import RunningService

log = structlog.get_logger()


@dataclass(frozen=True)
class Lag:
    """Ages in seconds, 0 where nothing waits."""

    unsent: int
    oldest_unsent: float
    waiting: int
    oldest_waiting: float
    parked: int
    oldest_parked: float
    ticks: dict[str, float]  # name of due work → seconds since it last succeeded


def measure(running: RunningService) -> Lag:
    """Raises SQLAlchemyError when the database does not answer."""
    with running.session(reading=True) as session:
        unsent = session.execute(
            sa.select(sa.func.count(), sa.func.min(OutboxRow.said_at)).where(OutboxRow.sent_at.is_(None))
        ).one()
        counted = sa.select(sa.func.count(), sa.func.min(InboxRow.received_at))
        waiting = session.execute(counted.where(IS_OPEN)).one()
        parked = session.execute(counted.where(InboxRow.state == "parked", NOT_HANDLED)).one()
        ticks = {name: _age(moment) for name, moment in session.execute(sa.select(TickRow.name, TickRow.last_success))}
    return Lag(unsent[0], _age(unsent[1]), waiting[0], _age(waiting[1]), parked[0], _age(parked[1]), ticks)


def _age(moment: datetime | None) -> float:
    return max(0.0, (clock.now() - moment).total_seconds()) if moment else 0.0


class LagCollector(Collector):
    """Gauges of one service; nothing while its database is away."""

    def __init__(self, running: RunningService) -> None:
        self._running = running

    def collect(self) -> Iterator[GaugeMetricFamily]:
        try:
            lag = measure(self._running)
        except SQLAlchemyError as error:  # what was counted is told all the same
            log.error("database does not answer", service=self._running.name, error=repr(error))
            return
        for name, help_text, value in (
            ("tsudoi_outbox_unsent", "Messages that wait to be sent", lag.unsent),
            ("tsudoi_outbox_oldest_seconds", "Age of the oldest message that waits to be sent", lag.oldest_unsent),
            ("tsudoi_inbox_waiting", "Messages that wait to be handled", lag.waiting),
            ("tsudoi_inbox_oldest_seconds", "Age of the oldest message that waits to be handled", lag.oldest_waiting),
            ("tsudoi_inbox_parked", "Messages that need a person", lag.parked),
            ("tsudoi_inbox_parked_oldest_seconds", "Age of the oldest message that needs a person", lag.oldest_parked),
        ):
            gauge = GaugeMetricFamily(name, help_text, labels=["service"])
            gauge.add_metric([self._running.name], float(value))
            yield gauge
        ticks = GaugeMetricFamily(
            "tsudoi_tick_age_seconds", "Seconds since due work last succeeded", labels=["service", "name"]
        )
        for name, age in lag.ticks.items():
            ticks.add_metric([self._running.name, name], age)
        yield ticks


def serve_metrics(running: RunningService, port: int) -> None:
    """`/metrics` of a worker or a relay, in a thread of its own. Port 0: none."""
    if port:
        REGISTRY.register(LagCollector(running))
        start_http_server(port, addr="127.0.0.1")
