"""The audit trail 操作ログ of a service, at `/<service>/console/audit`: searched, read page by page, exported.

For administrators of the society alone: it shows what all others have done, and personal data as it was."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from marshmallow import Schema, fields, validate

from shared.audit.chain import head_of
from shared.audit.rows import CheckRow
from shared.audit.sealing import count_unsealed, of_late
from shared.audit.search import Page, Wanted, matching, page_of
from shared.audit.words import joined
from shared.capabilities import may
from shared.errors import InvalidInput
from shared.service import RunningService
from shared.tables.writing import Cell
from shared.uow import UnitOfWork
from shared.web import audit_file
from shared.web.access import allow, reading
from shared.web.audit_entries import shown
from shared.web.forms import Faults, load_args
from shared.web.navigation import SERVICES
from shared.web.sheets import sheet_answer

SIZE = 50
FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(9000, 1, 1)


class WantedSchema(Schema):
    """What is looked for."""

    first = fields.Date(load_default=None, validate=validate.Range(FIRST_DAY, LAST_DAY))
    last = fields.Date(load_default=None, validate=validate.Range(FIRST_DAY, LAST_DAY))
    actor = fields.String(load_default="", validate=validate.Length(max=200))
    action = fields.String(load_default="", validate=validate.Length(max=100))
    subject = fields.String(
        load_default="",
        validate=validate.Length(max=200),
        metadata={"description": "One thing (`member/<id>`), or a kind of things (`member`)"},
    )
    text = fields.String(
        load_default="",
        validate=validate.Length(max=200),
        metadata={"description": "Anywhere: who, what, before and after"},
    )


class PlaceSchema(Schema):
    """Where the reader is: next to an entry."""

    before = fields.UUID(load_default=None, metadata={"description": "Entries older than this one"})
    after = fields.UUID(load_default=None, metadata={"description": "Entries newer than this one"})


def make_blueprint(running: RunningService) -> Blueprint:
    pages = Blueprint("kit_auditing", __name__, url_prefix=f"/{running.name}/console/audit")
    trail = joined(running.service.trail)

    @pages.get("")
    @allow(*may("see-audit"))
    def look() -> ResponseReturnValue:
        faults = Faults()
        try:
            wanted, place = Wanted(**load_args(WantedSchema)), load_args(PlaceSchema)
        except InvalidInput as error:
            faults = Faults(error)
        with reading() as uow:
            page = Page() if faults else page_of(uow.session, matching(wanted, uow.zone), SIZE, **place)
            entries = shown(uow.session, page.rows, trail)
            state = _state(uow)
        known = {
            "page": page,
            "entries": entries,
            "faults": faults,
            "actions": sorted(((code, _(text)) for code, text in trail.actions.items()), key=lambda pair: pair[1]),
            "kinds": [(code, _(subject.label)) for code, subject in trail.subjects.items()],
            "services": {name: label for name, (label, _icon) in SERVICES.items()},
            "address": _address,
            **state,
        }
        return render_template("kit/audit.html", **known), 422 if faults else 200

    @pages.get("/export.<any(csv, xlsx):kind>")
    @allow(*may("see-audit"))
    def export(kind: str) -> ResponseReturnValue:
        """What the search finds, all of it."""
        wanted = Wanted(**load_args(WantedSchema))
        most = audit_file.MOST_IN_A_SHEET if kind == "xlsx" else None

        def sheet(uow: UnitOfWork) -> tuple[list[str], Iterator[list[Cell]]]:
            return audit_file.headers(), audit_file.rows(uow, wanted, trail, most=most)

        return sheet_answer(f"{running.name}-audit", kind, _("Audit trail"), sheet)

    return pages


def _state(uow: UnitOfWork) -> dict[str, Any]:
    """How far the chain is sealed, anchored and checked."""
    return {
        "head": head_of(uow.session),
        "unsealed": count_unsealed(uow.session, of_late(uow.session)),
        "check": uow.session.get(CheckRow, uow.society_id),
    }


def _address(**changes: str | None) -> str:
    """This search, at another place of it."""
    kept = {name: text for name, text in request.args.items() if name not in ("before", "after", *changes) and text}
    return "?" + urlencode({**kept, **{name: text for name, text in changes.items() if text}})
