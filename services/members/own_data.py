"""All that members holds of one person 保有個人データの開示, as tables: for themselves, or for the office to hand out.

What a person takes on My Page is without what only the office sees (notes, records that are not public); who wants that
as well asks the office, which looks at it first (個人情報保護法33条2項)."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import IO, Any

import msgspec
import sqlalchemy as sa

from services.members.custom_fields.finding import shown_fields
from services.members.custom_fields.words import in_words
from services.members.models import (
    AccountRow,
    AnnouncementRow,
    ApplicationRow,
    CategoryEntryRow,
    CertificateRow,
    EmailChangeRow,
    LoginSessionRow,
    MemberRow,
    NumberRow,
    ReadRow,
    RecordKindRow,
    RecordRow,
    RequestRow,
    StandingRow,
)
from services.members.models.people import PERSON_COLUMNS
from shared import audit
from shared.audit import AuditRow
from shared.tables import write_csv
from shared.uow import UnitOfWork

Rows = Sequence[Mapping[str, Any]]
OFFICE_ONLY = ("note", "custom", "search")
SEEN = (
    *(name for name in PERSON_COLUMNS if name not in OFFICE_ONLY),
    "history",
    "categories",
    "request",
    "certificate",
)


def hand_out(uow: UnitOfWork, person_id: str, *, whole: bool = False) -> Mapping[str, Rows]:
    """Rows by the name of their table, recorded in the trail. `whole`: with what only the office sees.

    Raises NotFound."""
    person = uow.get(MemberRow, person_id)
    tables = {name: list(rows) for name, rows in _tables(uow, person, whole)}
    subject, before = f"member/{person_id}", {"data": ""}
    if whole:
        audit.record(uow, "download-person-data", subject, before=before, after={"data": "whole"})
    else:
        audit.record(uow, "download-own-data", subject, before=before, after={"data": "own"})
    return tables


def write_zip(tables: Mapping[str, Rows], file: IO[bytes], word: Callable[[str], str]) -> None:
    """One JSON with everything, and a CSV of each table that has rows. `word`: what a column is called."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as pack:
        pack.writestr("data.json", msgspec.json.format(msgspec.json.encode(tables), indent=2))
        for name, rows in tables.items():
            if rows:
                cells = ([_cell(word, column, row[column]) for column in row] for row in rows)
                pack.writestr(f"{name}.csv", b"".join(write_csv([word(column) for column in rows[0]], cells)))


def _cell(word: Callable[[str], str], column: str, value: Any) -> Any:
    if column == "item":
        return word(value)
    return msgspec.json.encode(value).decode() if isinstance(value, (dict, list)) else value


def _tables(uow: UnitOfWork, person: MemberRow, whole: bool) -> Iterator[tuple[str, Rows]]:
    shown = [name for name in PERSON_COLUMNS if name in SEEN or (whole and name != "search")]
    profile = [{"item": name, "value": getattr(person, name)} for name in shown]
    if not whole:
        own = shown_fields(uow, person)
        profile += [
            {"item": field.label, "value": in_words(field, person.custom.get(field.key), "ja")} for field in own
        ]
    yield "profile", profile
    yield "numbers", _read(uow, (NumberRow.number,), NumberRow.member_id == person.id, NumberRow.number)
    yield (
        "standings",
        _read(uow, (StandingRow.starts_on, StandingRow.standing), StandingRow.member_id == person.id),
    )
    yield (
        "categories",
        _read(uow, (CategoryEntryRow.starts_on, CategoryEntryRow.category), CategoryEntryRow.member_id == person.id),
    )
    yield "records", list(_records(uow, person, whole))
    asked = (RequestRow.asked_at, RequestRow.kind, RequestRow.asked, RequestRow.reason, RequestRow.state)
    answered = (RequestRow.decided_at, RequestRow.day, RequestRow.answer)
    yield "requests", _read(uow, (*asked, *answered), RequestRow.person_id == person.id)
    applied = (ApplicationRow.started_at, ApplicationRow.email, ApplicationRow.sent_at)
    yield "applications", _read(uow, applied, ApplicationRow.member_id == person.id)
    changes = (EmailChangeRow.started_at, EmailChangeRow.old, EmailChangeRow.new, EmailChangeRow.confirmed_at)
    yield "email_changes", _read(uow, changes, EmailChangeRow.person_id == person.id)
    issued = (CertificateRow.issued_on, CertificateRow.number, CertificateRow.language, CertificateRow.facts)
    yield "certificates", _read(uow, issued, CertificateRow.person_id == person.id)
    opened = sa.and_(ReadRow.person_id == person.id, ReadRow.announcement_id == AnnouncementRow.id)
    yield "announcements_read", _read(uow, (ReadRow.read_at, AnnouncementRow.title), opened)
    yield "logins", list(_logins(uow, person))
    yield "changes", list(_changes(uow, person, whole))


def _read(uow: UnitOfWork, columns: Sequence[Any], which: sa.ColumnElement[bool], order: Any = None) -> Rows:
    """By the first column, unless said otherwise."""
    statement = sa.select(*columns).where(which).order_by(columns[0] if order is None else order)
    return [dict(row._mapping) for row in uow.session.execute(statement)]


def _records(uow: UnitOfWork, person: MemberRow, whole: bool) -> Iterator[Mapping[str, Any]]:
    columns = (RecordRow.starts_on, RecordRow.ends_on, RecordKindRow.name.label("kind"), RecordRow.title)
    more = (RecordRow.title_en, RecordRow.public, RecordRow.registered_on, *([RecordRow.note] if whole else []))
    theirs = sa.and_(RecordRow.member_id == person.id, RecordKindRow.id == RecordRow.kind_id)
    yield from _read(uow, (*columns, *more), theirs if whole else sa.and_(theirs, RecordRow.public))


def _logins(uow: UnitOfWork, person: MemberRow) -> Iterator[Mapping[str, Any]]:
    columns = (LoginSessionRow.created_at, LoginSessionRow.last_seen_at, LoginSessionRow.ended_at)
    here = sa.and_(AccountRow.person_id == person.id, LoginSessionRow.account_id == AccountRow.id)
    yield from _read(uow, (*columns, LoginSessionRow.user_agent), here)


def _changes(uow: UnitOfWork, person: MemberRow, whole: bool) -> Iterator[Mapping[str, Any]]:
    """Who of the office has done it is not theirs to know."""
    columns = (AuditRow.at, AuditRow.action, AuditRow.before, AuditRow.after)
    for row in _read(uow, columns, AuditRow.subject == f"member/{person.id}"):
        sides = row if whole else {side: _seen(row[side]) for side in ("before", "after")}
        if whole or any(sides.values()):
            yield {**row, **sides}


def _seen(values: Mapping[str, Any] | None) -> dict[str, Any]:
    return {name: value for name, value in (values or {}).items() if name in SEEN}
