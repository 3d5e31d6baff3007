"""What operators see of a request: a trace through everything it causes, one log line, one measurement."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from time import perf_counter
from typing import Any

import structlog
from flask import Flask, Response, g, request

from shared import observe
from shared.web.access import running_service
from shared.web.again import is_to_be_repeated

log = structlog.get_logger()

QUIET = ("kit_health.", "kit_assets.")


def install(app: Flask) -> None:
    inner: Callable[..., Iterable[bytes]] = app.wsgi_app

    def traced(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        structlog.contextvars.clear_contextvars()
        with observe.trace(environ.get("HTTP_TRACEPARENT")):
            return inner(environ, start_response)

    app.wsgi_app = traced  # type: ignore[method-assign]

    @app.before_request
    def _start() -> None:
        g.started = perf_counter()

    @app.after_request
    def _measure(answer: Response) -> Response:
        if is_to_be_repeated():
            return answer
        seconds = perf_counter() - g.get("started", perf_counter())
        endpoint = request.endpoint or "none"
        observe.REQUEST.labels(running_service().name, endpoint, answer.status_code).observe(seconds)
        if not endpoint.startswith(QUIET):
            # the endpoint, not the path: paths hold single-use tokens
            log.info(
                "request",
                service=running_service().name,
                method=request.method,
                endpoint=endpoint,
                status=answer.status_code,
                ms=round(seconds * 1000, 1),
            )
        return answer


def trace_id() -> str:
    """What somebody can read out to us over the telephone when something went wrong."""
    return (observe.current_traceparent() or "--").split("-")[1]
