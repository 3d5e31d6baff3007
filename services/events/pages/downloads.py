"""The list of participants as a file for spreadsheets (E8)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import quote
from uuid import UUID

from flask import Blueprint, Response, request
from flask_babel import gettext as _

from services.events.models import EventRow
from services.events.participants import HEADERS, PAYMENT_WORDS, STATE_WORDS, participant_rows
from services.events.roles import EVENTS_SEE
from shared.tables import CSV_ENCODINGS, write_csv, write_xlsx
from shared.tables.writing import Cell
from shared.uow import UnitOfWork
from shared.web.access import allow, reading

downloads_pages = Blueprint("events_downloads", __name__, url_prefix="/events/console/events")

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_WORDS = {*STATE_WORDS.values(), *PAYMENT_WORDS.values()}


@downloads_pages.get("/<uuid:id>/participants.csv")
@allow(*EVENTS_SEE)
def participants_csv(id: UUID) -> Response:
    """UTF-8 with BOM, which Excel opens by a double click; `?encoding=cp932` for old tools."""
    encoding = next((each for each in CSV_ENCODINGS if each == request.args.get("encoding")), CSV_ENCODINGS[0])
    with reading() as uow:
        event = uow.get(EventRow, str(id))
        content = b"".join(write_csv(_headers(), _rows(uow, event), encoding=encoding))
    return _file(content, "text/csv", f"{event.title}_{_('participants')}.csv")


@downloads_pages.get("/<uuid:id>/participants.xlsx")
@allow(*EVENTS_SEE)
def participants_xlsx(id: UUID) -> Response:
    with reading() as uow, TemporaryDirectory() as folder:
        event = uow.get(EventRow, str(id))
        path = Path(folder) / "participants.xlsx"
        write_xlsx(_headers(), _rows(uow, event), path, sheet=_("participants"))
        content = path.read_bytes()
    return _file(content, XLSX, f"{event.title}_{_('participants')}.xlsx")


def _headers() -> list[str]:
    return [_(header) for header in HEADERS]


def _rows(uow: UnitOfWork, event: EventRow) -> Iterator[list[Cell]]:
    for row in participant_rows(uow, event):
        yield [_(cell) if isinstance(cell, str) and cell in _WORDS else cell for cell in row]


def _file(content: bytes, kind: str, name: str) -> Response:
    answer = Response(content, mimetype=kind)
    answer.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name, safe='')}"
    return answer
