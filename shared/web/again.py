"""A request whose transaction got into another one's way (deadlock, serialization, a lock that took too long, the same
thing entered at the same moment) is answered anew from its beginning, before anybody has seen an answer.

Only where nothing was committed yet, and only with a body small enough to be kept. Afterwards 503, and nothing done."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from io import BytesIO
from typing import Any

import structlog
from flask import Flask, request
from prometheus_client import Counter

from shared.trouble import TRIES_AGAIN, TRY_FOR, is_contention, is_double, wait_a_moment
from shared.web.access import running_service

log = structlog.get_logger()

LARGEST_BODY = 1024 * 1024  # bytes
_AGAIN = "tsudoi.again"
_BEFORE = "tsudoi.commits"

TRIED_AGAIN = Counter("tsudoi_requests_again", "Requests that were answered anew after a conflict of transactions")

Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def install(app: Flask) -> None:
    """Call before the tracing of requests is installed: all tries are one request."""
    inner: Wsgi = app.wsgi_app

    def answered(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        return _answer(inner, environ, start_response)

    app.wsgi_app = answered  # type: ignore[method-assign]

    @app.before_request
    def _count() -> None:
        request.environ[_BEFORE] = running_service().commits


def ask_for_another_try(error: Exception) -> bool:
    """In an error handler: shall this request be answered anew? Then nobody will see the present answer."""
    environ = request.environ
    if _AGAIN not in environ or not (is_contention(error) or is_double(error)):
        return False
    environ[_AGAIN] = running_service().commits == environ.get(_BEFORE)
    return bool(environ[_AGAIN])


def is_to_be_repeated() -> bool:
    return bool(request.environ.get(_AGAIN))


def _answer(inner: Wsgi, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
    body = _kept_body(environ)
    began = time.monotonic()
    for tried in range(TRIES_AGAIN):
        if body is None or time.monotonic() - began > TRY_FOR:
            break
        own = {**environ, "wsgi.input": BytesIO(body), _AGAIN: False}
        head = _Head()
        answer = inner(own, head)
        if not own[_AGAIN]:
            start(*head.said)
            return answer
        _close(answer)
        TRIED_AGAIN.inc()
        log.info("transactions met, once more", path=environ.get("PATH_INFO"), tried=tried + 1)
        wait_a_moment(tried)
    if body is not None:
        environ = {**environ, "wsgi.input": BytesIO(body)}
    return inner(environ, start)


class _Head:
    """What an answer begins with, kept until it is known to be the last."""

    said: tuple[Any, ...] = ()

    def __call__(self, *said: Any) -> None:
        self.said = said


def _kept_body(environ: dict[str, Any]) -> bytes | None:
    """None: it is too large, or of unknown length."""
    if environ["REQUEST_METHOD"] in ("GET", "HEAD", "OPTIONS") or "HTTP_TRANSFER_ENCODING" in environ:
        return None
    length = environ.get("CONTENT_LENGTH") or "0"
    if not length.isdigit() or int(length) > LARGEST_BODY:
        return None
    body: bytes = environ["wsgi.input"].read(int(length))
    return body


def _close(answer: Iterable[bytes]) -> None:
    close = getattr(answer, "close", None)
    if close is not None:
        close()
