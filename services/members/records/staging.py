"""Rows of a file of records are matched with members and records, and staged as what they will do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from services.members.members import label
from services.members.models import MemberRow, RecordRow, StagedRecordRow
from services.members.records.by_hand import CHANGEABLE, IDENTITY
from services.members.records.finding import record_search
from services.members.records.reading import ReadRecord
from services.members.rosters.staging import EMAIL_TAKEN
from services.members.search_conditions import KINDS
from shared.db import insert_rows
from shared.errors import N_, Fault
from shared.ids import new_id
from shared.uow import UnitOfWork

_KNOWN = (RecordRow.id, RecordRow.revision, RecordRow.member_id, *(getattr(RecordRow, name) for name in CHANGEABLE))
_BLANK = {"title_en": "", "public": False, "note": ""}
_ACTIONS = {"add": "new", "change": "changed", "remove": "removed"}
NO_NUMBER = N_("There is no member with the number %(value)s.")
NO_EMAIL = N_("There is no member with the e-mail address %(value)s.")
NO_RECORD = N_("There is no such record (any more).")
SOMEBODY_ELSES = N_("The record of this key belongs to another member.")


class Whose:
    """The members that a batch of rows may mean."""

    def __init__(self, uow: UnitOfWork, rows: Sequence[ReadRecord]) -> None:
        numbers = {row.given["number"] for row in rows if row.given.get("number")}
        emails = {row.given["email"] for row in rows if row.given.get("email")}
        wanted = sa.or_(MemberRow.number.in_(numbers), MemberRow.email.in_(emails))
        columns = sa.select(MemberRow.id, MemberRow.name, MemberRow.number, MemberRow.email)
        found: Sequence[Any] = uow.session.execute(columns.where(wanted, MemberRow.kind.in_(KINDS))).all()
        self._by_number = {member.number: member for member in found}
        self._by_email = {member.email: member for member in found}

    def find(self, row: ReadRecord) -> str | None:
        """By number, else by e-mail; where both are known they mean the same member."""
        number, email = row.given.get("number"), row.given.get("email")
        numbered = self._by_number.get(number) if number else None
        addressed = self._by_email.get(email) if email else None
        if number and numbered is None:
            row.blame(NO_NUMBER, "number", value=number)
        elif numbered and addressed and numbered is not addressed:
            row.blame(EMAIL_TAKEN, "email", holder=label(addressed))
        elif not number and email and addressed is None:
            row.blame(NO_EMAIL, "email", value=email)
        found = numbered if number else addressed
        return found.id if found else None


class Known:
    """The records that a batch of rows may mean, by key, or by what tells one record from all others."""

    def __init__(self, uow: UnitOfWork, rows: Sequence[ReadRecord], wanted: Sequence[Mapping[str, Any]]) -> None:
        self._by_key = {record.id: record for record in _records(uow, RecordRow.id.in_({r.key for r in rows if r.key}))}
        told_apart = [values for row, values in zip(rows, wanted, strict=True) if not row.key]
        near = (  # a few more than these: thousands of rows compared as a whole would take the database minutes
            getattr(RecordRow, name).in_({values.get(name) for values in told_apart})
            for name in ("member_id", "starts_on")
        )
        self._by_identity = {_identity(record._asdict()): record for record in _records(uow, *near)}

    def find(self, row: ReadRecord, values: Mapping[str, Any]) -> sa.Row[Any] | None:
        return self._by_key.get(row.key) if row.key else self._by_identity.get(_identity(values))


def stage_records(uow: UnitOfWork, roster_id: str, mode: str, rows: Sequence[ReadRecord]) -> list[Fault]:
    """Store a batch. Returns everything that is wrong with it; faulty rows are stored too, to find doubles."""
    whose = Whose(uow, rows)
    wanted = [{**row.given, "member_id": whose.find(row)} for row in rows]
    known = Known(uow, rows, wanted)
    staged = [
        _staged(uow, roster_id, mode, row, values, known.find(row, values))
        for row, values in zip(rows, wanted, strict=True)
    ]
    insert_rows(uow.session, StagedRecordRow, staged)
    return [fault for row in rows for fault in row.faults]


def _staged(
    uow: UnitOfWork, roster_id: str, mode: str, row: ReadRecord, values: Mapping[str, Any], record: sa.Row[Any] | None
) -> dict[str, Any]:
    before: Mapping[str, Any] = record._asdict() if record else _BLANK
    said = {name: row.given[name] for name in CHANGEABLE if name in row.given}
    after = {**dict.fromkeys(CHANGEABLE), "member_id": values["member_id"], **before, **said}
    if mode != "add" and not row.faults:
        if record is None:
            row.blame(NO_RECORD, "key" if row.key else "title")
        elif values["member_id"] not in (None, record.member_id):
            row.blame(SOMEBODY_ELSES, "number" if row.given.get("number") else "email")
    same = record is not None and mode != "remove" and (mode == "add" or all(after[n] == before[n] for n in CHANGEABLE))
    return {
        "society_id": uow.society_id,
        "id": new_id(),
        "roster_id": roster_id,
        "row": row.number,
        "action": "faulty" if row.faults else "same" if same else _ACTIONS[mode],
        "record_id": record.id if record else new_id(),
        "base_revision": record.revision if record else 0,
        **{name: after[name] for name in ("member_id", *CHANGEABLE)},
        "search": record_search(after["title"] or "", after["title_en"] or "", after["note"] or ""),
    }


def _records(uow: UnitOfWork, *which: sa.ColumnElement[bool]) -> Sequence[sa.Row[Any]]:
    return uow.session.execute(sa.select(*_KNOWN).where(*which)).all()


def _identity(values: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(values.get(name) for name in IDENTITY)
