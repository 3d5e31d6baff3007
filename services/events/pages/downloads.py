"""The list of participants as a file for spreadsheets (E8)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from uuid import UUID

from flask import Blueprint, Response, request
from flask_babel import gettext as _

from services.events.models import EventRow
from services.events.participants import HEADERS, PAYMENT_WORDS, STATE_WORDS, participant_rows
from services.events.roles import EVENTS_SEE
from shared.tables import CSV_ENCODINGS
from shared.tables.writing import Cell
from shared.uow import UnitOfWork
from shared.web.access import allow, reading
from shared.web.sheets import sheet_answer

downloads_pages = Blueprint("events_downloads", __name__, url_prefix="/events/console/events")

_WORDS = {*STATE_WORDS.values(), *PAYMENT_WORDS.values()}


@downloads_pages.get("/<uuid:id>/participants.<any(csv, xlsx):kind>")
@allow(*EVENTS_SEE)
def participants_file(id: UUID, kind: str) -> Response:
    """CSV is UTF-8 with BOM, which Excel opens by a double click; `?encoding=cp932` for old tools."""
    encoding = next((each for each in CSV_ENCODINGS if each == request.args.get("encoding")), CSV_ENCODINGS[0])
    with reading() as uow:
        title = uow.get(EventRow, str(id)).title

    def sheet(uow: UnitOfWork) -> tuple[Sequence[str], Iterator[Sequence[Cell]]]:
        return [_(header) for header in HEADERS], _rows(uow, uow.get(EventRow, str(id)))

    return sheet_answer(f"{title}_{_('participants')}", kind, _("participants"), sheet, encoding=encoding)


def _rows(uow: UnitOfWork, event: EventRow) -> Iterator[list[Cell]]:
    for row in participant_rows(uow, event):
        yield [_(cell) if isinstance(cell, str) and cell in _WORDS else cell for cell in row]
