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
from sqlalchemy.orm import Session

from shared import clock
from shared.audit.rows import CheckRow
from shared.bus.inbox import IS_OPEN, NOT_HANDLED, InboxRow
from shared.bus.ticker import KIT_DUE
from shared.bus.ticks import TickRow
from shared.outbox import OutboxRow
from shared.service import RunningService

log = structlog.get_logger()

GRACE = 300.0  # seconds beyond twice its interval that due work may be late


@dataclass(frozen=True)
class Tick:
    """One piece of due work. `age`: seconds since it last succeeded, None if it never did."""

    name: str
    age: float | None
    every: float

    @property
    def is_late(self) -> bool:
        return self.age is None or self.age > 2 * self.every + GRACE


@dataclass(frozen=True)
class Lag:
    """Ages in seconds, 0 where nothing waits. `overdue`: since when the message that is longest due waits for a worker;
    messages that wait for their next try, or were replayed slowly, are not overdue."""

    unsent: int
    oldest_unsent: float
    waiting: int
    oldest_waiting: float
    overdue: float
    parked: int
    oldest_parked: float
    tampered: int  # audit trails in which the last check found a fault
    ticks: tuple[Tick, ...]


def measure(running: RunningService) -> Lag:
    """Raises SQLAlchemyError when the database does not answer."""
    with running.session(reading=True) as session:
        unsent = session.execute(
            sa.select(sa.func.count(), sa.func.min(OutboxRow.said_at)).where(OutboxRow.sent_at.is_(None))
        ).one()
        counted = sa.select(sa.func.count(), sa.func.min(InboxRow.received_at), sa.func.min(InboxRow.next_try_at))
        waiting = session.execute(counted.where(IS_OPEN)).one()
        parked = session.execute(counted.where(InboxRow.state == "parked", NOT_HANDLED)).one()
        tampered = session.scalar(sa.select(sa.func.count()).select_from(CheckRow).where(CheckRow.faults > 0)) or 0
        ticks = _ticks(running, session)
    return Lag(
        unsent=unsent[0],
        oldest_unsent=_age(unsent[1]),
        waiting=waiting[0],
        oldest_waiting=_age(waiting[1]),
        overdue=_age(waiting[2]),
        parked=parked[0],
        oldest_parked=_age(parked[1]),
        tampered=tampered,
        ticks=ticks,
    )


def _ticks(running: RunningService, session: Session) -> tuple[Tick, ...]:
    """All due work of this release; the table may remember some of an older one."""
    done = {name: at for name, at in session.execute(sa.select(TickRow.name, TickRow.last_success)) if at}
    return tuple(
        Tick(due.name, _age(done[due.name]) if due.name in done else None, due.every.total_seconds())
        for due in (*running.service.due_work, *KIT_DUE)
    )


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
            ("tsudoi_inbox_overdue_seconds", "Since when the message that is longest due is not handled", lag.overdue),
            ("tsudoi_inbox_parked", "Messages that need a person", lag.parked),
            ("tsudoi_inbox_parked_oldest_seconds", "Age of the oldest message that needs a person", lag.oldest_parked),
            ("tsudoi_audit_tampered", "Audit trails in which the last check found a fault", lag.tampered),
        ):
            gauge = GaugeMetricFamily(name, help_text, labels=["service"])
            gauge.add_metric([self._running.name], float(value))
            yield gauge
        ages = GaugeMetricFamily(
            "tsudoi_tick_age_seconds", "Seconds since due work last succeeded; +Inf: never", labels=["service", "name"]
        )
        intervals = GaugeMetricFamily(
            "tsudoi_tick_interval_seconds", "How often due work is to succeed", labels=["service", "name"]
        )
        for tick in lag.ticks:
            labels = [self._running.name, tick.name]
            ages.add_metric(labels, float("inf") if tick.age is None else tick.age)
            intervals.add_metric(labels, tick.every)
        yield ages
        yield intervals


def serve_metrics(running: RunningService) -> None:
    """`/metrics` of a worker or a relay, in a thread of its own, where its settings say; port 0: none."""
    settings = running.settings
    if settings.metrics_port:
        REGISTRY.register(LagCollector(running))
        start_http_server(settings.metrics_port, addr=settings.metrics_host)
