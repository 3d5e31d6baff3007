"""`/health/live`, `/health/ready` and `/metrics` of a service. Ready means: its own database answers and is migrated;
the broker is not asked, the outbox covers for it."""

from __future__ import annotations

import os

import sqlalchemy as sa
import structlog
from flask import Blueprint, Response, jsonify
from flask.typing import ResponseReturnValue
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from sqlalchemy.exc import SQLAlchemyError

from shared.bus.lag import LagCollector
from shared.migrations import is_current
from shared.service import RunningService
from shared.web.access import allow_public

log = structlog.get_logger()


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
        lag.register(LagCollector(running))
        return Response(generate_latest(_counted()) + generate_latest(lag), content_type=CONTENT_TYPE_LATEST)

    return blueprint


def _counted() -> CollectorRegistry:
    if not os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        return REGISTRY
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return registry
