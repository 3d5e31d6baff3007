"""Records added, changed and removed one by one; every change stands in the member's history of changes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from services.members.errors.papers import RecordExists
from services.members.models import MemberRow, RecordKindRow, RecordRow
from services.members.records.finding import record_search
from services.members.records.kinds import list_kinds
from services.members.search_conditions import KINDS
from shared import audit
from shared.errors import N_, ChangedMeanwhile, Fault, InvalidInput, NotFound
from shared.uow import UnitOfWork

CHANGEABLE = ("kind_id", "title", "title_en", "starts_on", "ends_on", "public", "note")
IDENTITY = ("member_id", "kind_id", "title", "starts_on", "ends_on")
_ASIDE = ("title_en", "public", "note")
ENDS_BEFORE = N_("The last day is before the first.")


def add_record(uow: UnitOfWork, member_id: str, values: Mapping[str, Any]) -> RecordRow:
    """`ends_on` may be missing: a single day. What is there already, all the same, is given back as it is.

    Raises NotFound, InvalidInput, RecordExists."""
    member = uow.get(MemberRow, member_id, lock=True)
    if member.kind not in KINDS:
        raise NotFound
    given = {"title_en": "", "public": False, "note": "", **_checked(uow, values)}
    row = RecordRow(
        member_id=member.id, **given, source="hand", registered_on=uow.today, registered_by=uow.actor.name, revision=1
    )
    if known := _double(uow, row):
        if _values(known) == given:
            return known
        raise RecordExists
    row.search = record_search(row.title, row.title_en, row.note)
    uow.add(row)
    uow.session.flush()
    _record(uow, "add-record", member_id, None, given)
    return row


def change_record(uow: UnitOfWork, id: str, values: Mapping[str, Any], *, revision: int | None = None) -> RecordRow:
    """With `revision`: refused if somebody else was quicker. The time for which it is kept goes on counting.

    Raises NotFound, InvalidInput, RecordExists, ChangedMeanwhile."""
    row = uow.get(RecordRow, id, lock=True)
    if revision is not None and revision != row.revision:
        raise ChangedMeanwhile
    before = _values(row)
    ends = {"ends_on": None} if row.ends_on == row.starts_on else {}  # a single day stays one when it moves
    after = _checked(uow, {**before, **ends, **values})
    if after == before:
        return row
    with uow.session.no_autoflush:
        for name, value in after.items():
            setattr(row, name, value)
        if _double(uow, row):
            raise RecordExists
    row.search = record_search(row.title, row.title_en, row.note)
    row.revision += 1
    _record(uow, "change-record", row.member_id, before, after)
    return row


def remove_record(uow: UnitOfWork, id: str) -> None:
    """Raises NotFound."""
    row = uow.get(RecordRow, id, lock=True)
    _record(uow, "remove-record", row.member_id, _values(row), None)
    uow.session.delete(row)


def trail(
    kinds: Mapping[str, str], before: Mapping[str, Any] | None, after: Mapping[str, Any] | None
) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the member's history of changes says: which record, and of a change what else is another now."""
    was, now = ({"record": _describe(kinds, values) if values else ""} for values in (before, after))
    if before and after:
        changed = [name for name in _ASIDE if before[name] != after[name]]
        was |= {name: before[name] for name in changed}
        now |= {name: after[name] for name in changed}
    return was, now


def kind_names(uow: UnitOfWork) -> dict[str, str]:
    """By id, as the trail tells them."""
    return {row.id: row.name for row in list_kinds(uow)}


def _describe(kinds: Mapping[str, str], values: Mapping[str, Any]) -> str:
    until = f"–{values['ends_on']}" if values["ends_on"] != values["starts_on"] else ""
    return f"{kinds.get(values['kind_id'], '')} {values['title']} ({values['starts_on']}{until})"


def _record(
    uow: UnitOfWork, action: str, member_id: str, before: Mapping[str, Any] | None, after: Mapping[str, Any] | None
) -> None:
    """It stands with the member: there people look for it."""
    was, now = trail(kind_names(uow), before, after)
    audit.record(uow, action, f"member/{member_id}", before=was, after=now)


def _values(row: RecordRow) -> dict[str, Any]:
    return {name: getattr(row, name) for name in CHANGEABLE}


def _checked(uow: UnitOfWork, values: Mapping[str, Any]) -> dict[str, Any]:
    given = {name: values[name] for name in CHANGEABLE if name in values}
    given["ends_on"] = given.get("ends_on") or given["starts_on"]
    if given["ends_on"] < given["starts_on"]:
        raise InvalidInput(faults=[Fault(ENDS_BEFORE, field="ends_on")])
    given["kind_id"] = str(given["kind_id"])
    kind = sa.select(RecordKindRow.id).where(RecordKindRow.id == given["kind_id"])
    if uow.session.scalars(kind.with_for_update(read=True)).first() is None:  # nobody removes it meanwhile
        raise InvalidInput(faults=[Fault(N_("There is no such kind."), field="kind_id")])
    return given


def _double(uow: UnitOfWork, row: RecordRow) -> RecordRow | None:
    same = (getattr(RecordRow, name) == getattr(row, name) for name in IDENTITY)
    others = sa.select(RecordRow).where(*same)
    return uow.session.scalars(others.where(RecordRow.id != row.id) if row.id else others).one_or_none()
