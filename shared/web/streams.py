"""Server-sent events: a stream for anything, and the live progress of long work (`shared.jobs`)."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator
from typing import Any

from flask import Blueprint, Response, stream_with_context
from flask_babel import gettext

from shared import jobs
from shared.capabilities import may
from shared.errors import N_
from shared.web.access import allow, reading

LENGTH_SECONDS = 25.0  # then the browser comes again: a thread is never held for longer
PAUSE_SECONDS = 0.4

STATES = {
    "queued": N_("Waiting to start"),
    "running": N_("In progress"),
    "done": N_("Done"),
    "failed": N_("Failed"),
    "cancelled": N_("Cancelled"),
}


def stream(events: Iterable[tuple[str, Any]]) -> Response:
    """An answer that goes on: (event name, JSON-able data) as they come. Keep it under half a minute."""

    def lines() -> Iterator[str]:
        yield "retry: 300\n\n"
        for name, data in events:
            yield f"event: {name}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n"

    answer = Response(stream_with_context(lines()), mimetype="text/event-stream")
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["X-Accel-Buffering"] = "no"
    return answer


def progress(job: jobs.JobRow) -> dict[str, Any]:
    """What a page shows of long work, in the reader's language."""
    return {
        "state": job.state,
        "label": gettext(STATES[job.state]),
        "done": job.done,
        "total": job.total,
        "percent": 100 if job.state == "done" else min(100, job.done * 100 // job.total) if job.total else 0,
        "result": job.result,
        "error": gettext(job.error) if job.error else None,
        "over": job.is_over,
    }


def make_blueprint(name: str) -> Blueprint:
    blueprint = Blueprint("kit_jobs", __name__, url_prefix=f"/{name}/jobs")

    @blueprint.get("/<uuid:id>/stream")
    @allow(*may("watch-work"))
    def watch(id: Any) -> Response:
        with reading() as uow:
            first = progress(jobs.look(uow, str(id)))
        return stream(_watch(str(id), first))

    return blueprint


def _watch(id: str, shown: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    end = time.monotonic() + LENGTH_SECONDS
    yield "progress", shown
    while not shown["over"] and time.monotonic() < end:
        time.sleep(PAUSE_SECONDS)
        with reading() as uow:
            latest = progress(jobs.look(uow, id))
        if latest != shown:
            shown = latest
            yield "progress", shown
    if shown["over"]:
        yield "over", shown
