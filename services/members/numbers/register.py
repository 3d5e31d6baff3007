"""Which number is or was whose. A number that was ever used is never given to anybody else."""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sa

from services.members.models import MemberRow, NumberRow
from shared.uow import UnitOfWork

Holder = sa.Row[str, str, str | None]  # id, name and present number of a member
LOOK_AT = 200  # numbers, when the next free one is looked for


def holders(uow: UnitOfWork, numbers: Collection[str]) -> dict[str, Holder]:
    """Who has or had each of these: (id, name, number), by number; free ones are missing.

    Asked for by ids: numbers that were given a moment ago are unknown to the database's statistics, and a join with
    them reads all members each time."""
    person = sa.select(MemberRow.id, MemberRow.name, MemberRow.number)
    used = sa.select(NumberRow.number, NumberRow.member_id).where(NumberRow.number.in_(numbers))
    had: dict[str, str] = dict(row._tuple() for row in uow.session.execute(used))
    by_id = {row.id: row for row in uow.session.execute(person.where(MemberRow.id.in_(set(had.values()))))}
    found = {number: by_id[member_id] for number, member_id in had.items()}
    has = uow.session.execute(person.where(MemberRow.number.in_(numbers)))
    return found | {row.number or "": row for row in has}


def keep_number(uow: UnitOfWork, member_id: str, number: str | None) -> None:
    """From now on it is theirs for ever."""
    if number and uow.session.get(NumberRow, (uow.society_id, number)) is None:
        uow.add(NumberRow(number=number, member_id=member_id))


def next_free(uow: UnitOfWork, prefix: str) -> int:
    """The number after the highest that was ever used with this prefix."""
    digits = NumberRow.number.startswith(prefix, autoescape=True), _first_after(prefix).between("0", "9")
    longest = sa.func.length(NumberRow.number).desc(), NumberRow.number.desc()
    found = uow.session.scalars(sa.select(NumberRow.number).where(*digits).order_by(*longest).limit(LOOK_AT))
    used = (number.removeprefix(prefix) for number in found)
    return max((int(number) for number in used if number.isascii() and number.isdigit()), default=0) + 1


def _first_after(prefix: str) -> sa.ColumnElement[str]:
    return sa.func.substr(NumberRow.number, len(prefix) + 1, 1)
