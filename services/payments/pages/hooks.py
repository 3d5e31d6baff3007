"""Webhooks of providers: verified, stored raw, answered after the commit."""

from __future__ import annotations

from uuid import UUID

import structlog
from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from services.payments.asking import take_notice
from services.payments.errors import NoticeForged
from services.payments.providers import provider_of
from shared.errors import InvalidInput, NotFound
from shared.web.access import allow_public, running_service
from shared.web.csrf import signed_by_provider

log = structlog.get_logger()

hooks = Blueprint("hooks", __name__, url_prefix="/payments/hooks")

LARGEST = 256 * 1024


@hooks.post("/sandbox/<society_id>")
@allow_public
@signed_by_provider
def take_sandbox_notice(society_id: str) -> ResponseReturnValue:
    """200: taken (now or before); 202: kept, but what it speaks of is not known yet. Anything else: not kept."""
    running = running_service()
    provider = provider_of(running)
    request.max_content_length = LARGEST
    body = request.get_data(cache=False)
    try:
        provider.verify(dict(request.headers), body)
    except NoticeForged:
        log.warning("forged or stale notice refused", provider=provider.name, society=society_id, size=len(body))
        raise
    try:
        society = str(UUID(society_id))
        text = body.decode()
        notice = provider.read_notice(text)
    except (ValueError, KeyError, TypeError) as error:
        log.error("signed notice is unreadable", provider=provider.name, error=repr(error))
        raise (InvalidInput if _is_id(society_id) else NotFound) from error
    state = take_notice(running, provider, society, notice, text)
    return {"state": state}, 202 if state == "waiting" else 200


def _is_id(text: str) -> bool:
    try:
        return bool(UUID(text))
    except ValueError:
        return False
