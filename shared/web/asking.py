"""What kind of answer a request expects: a page, a fragment of one, or JSON."""

from __future__ import annotations

from flask import request


def is_api() -> bool:
    """A path under `/<service>/api/`."""
    parts = request.path.split("/", 3)
    return len(parts) > 2 and parts[2] == "api"


def wants_problem() -> bool:
    """Is JSON the right form for an error?"""
    if is_api():
        return True
    best = request.accept_mimetypes.best_match(
        ["text/html", "application/json", "application/problem+json"], default="text/html"
    )
    return best != "text/html"


def is_htmx() -> bool:
    """A part of a page, fetched by htmx."""
    return request.headers.get("HX-Request") == "true"


def is_navigation() -> bool:
    """Somebody opens a page: the only request that may be sent elsewhere for a login."""
    return request.method in ("GET", "HEAD") and not is_htmx() and not wants_problem()
