"""Where a request comes from, for limits and logs."""

from __future__ import annotations

from flask import request

from shared.web.access import running_service


def place() -> str:
    """The network address that a request came from; the gateway, which a full stack always has, tells it."""
    behind_gateway = bool(running_service().settings.broker)
    return (request.headers.get("X-Real-IP") if behind_gateway else None) or request.remote_addr or ""
