"""Rows of a roster become staged members: matched, merged with what is known, told apart as new, changed or same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import sqlalchemy as sa

from services.members.custom_fields.reading import merged
from services.members.custom_fields.words import difference
from services.members.members import label
from services.members.models import CustomFieldRow, MemberRow, StagedRow
from services.members.models.people import BLANK_PERSON, PERSON_COLUMNS
from services.members.numbers.register import holders
from services.members.rosters.differences import COMPARED, Difference, compare, names_of
from services.members.rosters.reading import ReadRow
from services.members.search import search_text
from services.members.standings.dates import GONE, contradiction
from shared.db import insert_rows
from shared.errors import N_, Fault
from shared.ids import new_id
from shared.uow import UnitOfWork

EMAIL_TAKEN = N_("This e-mail address belongs to another member: %(holder)s.")
NUMBER_USED = N_("This member number was used before, by %(holder)s.")
NOT_THERE = N_("No member has this number or e-mail address. This file is only for members who are there already.")
THERE_ALREADY = N_("This member is there already and would be changed: %(holder)s. This file is only for new members.")
OTHER_KIND = N_("Whether a member who is there already is an individual or corporate does not change by a file.")
_COLUMNS = [getattr(MemberRow, name) for name in COMPARED]


class Known:
    """The members that a batch of rows may mean; as plain rows, which is three times as fast as objects."""

    def __init__(self, uow: UnitOfWork, rows: Sequence[ReadRow]) -> None:
        numbers = {row.given["number"] for row in rows if row.given.get("number")}
        emails = {row.given["email"] for row in rows if row.given.get("email")}
        wanted = sa.or_(MemberRow.number.in_(numbers), MemberRow.email.in_(emails))
        columns = (MemberRow.id, MemberRow.revision, MemberRow.contact_words, *_COLUMNS)
        found = uow.session.execute(sa.select(*columns).where(wanted)).all()
        self.by_number = {member.number: member for member in found}
        self.by_email = {member.email: member for member in found}
        self._holders = holders(uow, numbers)

    def match(self, row: ReadRow) -> tuple[sa.Row[Any] | None, list[Fault]]:
        """The member that a row means: by number, else by e-mail. A number that was somebody else's means nobody."""
        member, faults = self._match(row)
        holder = self._holders.get(row.given.get("number") or "")
        if not faults and holder and holder.id != (member.id if member else None):
            faults = [Fault(NUMBER_USED, {"holder": label(holder)}, "number", row.number)]
        return member, faults

    def _match(self, row: ReadRow) -> tuple[sa.Row[Any] | None, list[Fault]]:
        number, email = row.given.get("number"), row.given.get("email")
        numbered = self.by_number.get(number) if number else None
        addressed = self.by_email.get(email) if email else None
        if addressed is None or addressed is numbered:
            return numbered, []
        if numbered is not None or (number and addressed.number) or addressed.kind == "contact":
            return numbered, [Fault(EMAIL_TAKEN, {"holder": label(addressed)}, "email", row.number)]
        return addressed, []


def stage(uow: UnitOfWork, roster_id: str, rows: Sequence[ReadRow], mode: str) -> list[Fault]:
    """Store a batch. Returns everything that is wrong with it; faulty rows are stored too, to find doubles.

    `mode`: add (nobody who is there may change), change (nobody may be new); otherwise both."""
    known, today = Known(uow, rows), uow.today
    faults: list[Fault] = []
    staged = []
    for row in rows:
        member, conflicts = known.match(row)
        before: Mapping[str, Any] = {name: getattr(member, name) for name in COMPARED} if member else BLANK_PERSON
        after = _merged(before, row)
        found = row.faults + conflicts + _of_other_kind(row, member)
        moved = any(after[name] != before[name] for name in ("standing", "leaves_on"))
        if moved and not found and (fault := contradiction(after["standing"], after["leaves_on"], today)):
            found = [replace(fault, row=row.number)]
        differences = compare(before, after) if member else []
        if not found and (fault := _misfit(mode, row, member, differences)):
            found = [fault]
        faults += found
        action = "faulty" if found else "new" if member is None else "changed" if differences else "same"
        staged.append(_staged(uow, roster_id, row, member, action, after, names_of(differences)))
    insert_rows(uow.session, StagedRow, staged)
    return faults


def _of_other_kind(row: ReadRow, member: sa.Row[Any] | None) -> list[Fault]:
    """Contacts, letters and logins hang on it."""
    given = row.given.get("kind")
    if not given or member is None or given == ("individual" if member.kind == "guest" else member.kind):
        return []
    return [Fault(OTHER_KIND, {}, "kind", row.number)]


def _misfit(mode: str, row: ReadRow, member: sa.Row[Any] | None, differences: Sequence[Difference]) -> Fault | None:
    """What the file is not for. Somebody with an account only is no member yet."""
    column = "number" if row.given.get("number") else "email"
    if member is None or member.kind == "guest":
        return Fault(NOT_THERE, {}, column, row.number) if mode == "change" else None
    if mode == "add" and differences:
        return Fault(THERE_ALREADY, {"holder": label(member)}, column, row.number)
    return None


def _merged(before: Mapping[str, Any], row: ReadRow) -> dict[str, Any]:
    """The member as the row wants it: what the row does not say stays."""
    after = {**before, **row.given}
    if row.custom:
        after["custom"] = merged(before["custom"], row.custom)
    if after["leaves_on"] is None and {before["standing"], after["standing"]} <= GONE:
        after["leaves_on"] = before["leaves_on"]  # a day that the file leaves open is not forgotten
    if after["kind"] == "guest":
        after["kind"] = "individual"  # somebody with an account only becomes a member
    return after


def _staged(
    uow: UnitOfWork,
    roster_id: str,
    row: ReadRow,
    member: sa.Row[Any] | None,
    action: str,
    after: dict[str, Any],
    differs: str,
) -> dict[str, Any]:
    return {
        "society_id": uow.society_id,
        "id": new_id(),
        "roster_id": roster_id,
        "row": row.number,
        "action": action,
        "member_id": member.id if member else new_id(),
        "base_revision": member.revision if member else 0,
        "differs": differs,
        **after,
        "search": search_text(
            after["name"],
            after["kana"],
            after["roman"],
            after["number"],
            after["email"],
            after["affiliation"],
            member.contact_words if member else "",
        ),
    }


def differences(
    fields: Sequence[CustomFieldRow], before: sa.Row[Any], after: sa.Row[Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """What an import changes, for the audit trail; of custom fields by their labels."""
    changed = [name for name in PERSON_COLUMNS if name != "search" and getattr(before, name) != getattr(after, name)]
    was, now = ({name: _plain(getattr(side, name)) for name in changed} for side in (before, after))
    if "custom" in changed:
        was["custom"], now["custom"] = difference(fields, before.custom, after.custom)
    return was, now


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value
