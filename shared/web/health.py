"""`/health/live`, `/health/ready` and `/metrics` of a service. Ready means: its own database answers and is migrated;
the broker is not asked, the outbox covers for it."""

from __future__ import annotations

import os
from collections.abc import Iterator

import sqlalchemy as sa
import structlog
from flask import Blueprint, Response, jsonify
from flask.typing import ResponseReturnValue
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError

from shared import clock
from shared.bus.inbox import OPEN, InboxRow
from shared.bus.outbox import OutboxRow
from shared.migrations import is_current
from shared.service import RunningService
from shared.web.access import allow_public

log = structlog.get_logger()


class Lag(Collector):
    """How far a service is behind, asked of its tables at the moment of the scrape."""

    def __init__(self, running: RunningService) -> None:
        self.running = running

    def collect(self) -> Iterator[GaugeMetricFamily]:
        now = clock.now()
        waiting, parked = InboxRow.state.in_(OPEN), InboxRow.state == "parked"
        with self.running.session(reading=True) as session:
            unsent, oldest_unsent = session.execute(
                sa.select(sa.func.count(), sa.func.min(OutboxRow.said_at)).where(OutboxRow.sent_at.is_(None))
            ).one()
            due, oldest_due = session.execute(
                sa.select(sa.func.count(), sa.func.min(InboxRow.received_at)).where(waiting)
            ).one()
            stuck = session.scalar(sa.select(sa.func.count()).select_from(InboxRow).where(parked))
        for name, help_text, value in (
            ("tsudoi_outbox_unsent", "Messages that wait to be sent", unsent),
            (
                "tsudoi_outbox_oldest_seconds",
                "Age of the oldest of them",
                (now - oldest_unsent).total_seconds() if oldest_unsent else 0,
            ),
            ("tsudoi_inbox_waiting", "Messages that wait to be handled", due),
            (
                "tsudoi_inbox_oldest_seconds",
                "Age of the oldest of them",
                (now - oldest_due).total_seconds() if oldest_due else 0,
            ),
            ("tsudoi_inbox_parked", "Messages that need a person", stuck),
        ):
            gauge = GaugeMetricFamily(name, help_text, labels=["service"])
            gauge.add_metric([self.running.name], max(0.0, float(value or 0)))
            yield gauge


def make_blueprint(running: RunningService) -> Blueprint:
    blueprint = Blueprint("kit_health", __name__, url_prefix=f"/{running.name}")
    migrated = [False]

    @blueprint.get("/health/live")
    @allow_public
    def live() -> ResponseReturnValue:
        return jsonify(live=True)

    @blueprint.get("/health/ready")
    @allow_public
    def ready() -> ResponseReturnValue:
        try:
            with running.session(reading=True) as session:
                session.execute(sa.text("SELECT 1"))
            migrated[0] = migrated[0] or is_current(running.service, running.engine)
        except SQLAlchemyError:
            return jsonify(ready=False, because="the database does not answer"), 503
        if not migrated[0]:
            return jsonify(ready=False, because="migrations are missing"), 503
        return jsonify(ready=True)

    @blueprint.get("/metrics")
    @allow_public
    def metrics() -> ResponseReturnValue:
        lag = CollectorRegistry(auto_describe=False)
        lag.register(Lag(running))
        text = generate_latest(_counted())
        try:
            text += generate_latest(lag)
        except SQLAlchemyError as error:
            log.error("database does not answer", error=repr(error))  # what was counted is told all the same
        return Response(text, content_type=CONTENT_TYPE_LATEST)

    return blueprint


def _counted() -> CollectorRegistry:
    if not os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        return REGISTRY
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return registry
