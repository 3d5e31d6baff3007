"""What a list of members was asked for: by its address, or by the form that goes on from it."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from flask import request

from services.members import values
from services.members.search import matching
from services.members.values import BadValue
from shared.errors import InvalidInput

ASKED = ("q", "category", "standing", "on")


def searched(args: Mapping[str, str]) -> sa.Select[Any]:
    return matching(args.get("q", ""), **conditions(args))


def conditions(args: Mapping[str, str]) -> dict[str, Any]:
    """What `matching` takes beside the words. Nonsense counts as not said."""
    on = None
    with suppress(BadValue):
        on = values.day(args.get("on", ""))
    return {"category": args.get("category", ""), "standing": args.get("standing", ""), "on": on}


def ticked() -> list[str]:
    """Only ids: what is not one is dropped. Raises InvalidInput when none is left."""
    known = [id for id in request.form.getlist("id") if _is_id(id)]
    if not known:
        raise InvalidInput
    return known


def _is_id(text: str) -> bool:
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False
