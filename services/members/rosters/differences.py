"""What an import would change 差分: the rows of a checked roster beside the members as they are now (M10)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from services.members.models import MemberRow, StagedRow
from services.members.models.people import BLANK_PERSON
from services.members.search import fold
from services.members.search_index import Found, holds
from shared.uow import UnitOfWork

ACTIONS = ("new", "changed", "same")  # of rows that nothing is wrong with
COMPARED = tuple(BLANK_PERSON)
CUSTOM = "custom."  # before the header of a custom field
AT_ONCE = 2_000
_EMPTY: dict[str, Any] = {name: {} if name == "custom" else None for name in COMPARED}
_NOTHING: tuple[Any, ...] = (None, "", {})


@dataclass(frozen=True)
class Difference:
    """One field: a column of a person, or `custom.` and the header of a custom field."""

    field: str
    before: Any
    after: Any


@dataclass(frozen=True)
class Compared:
    """One row of the file. `outdated`: the member was changed after the check, which therefore has to be repeated."""

    row: int
    action: str
    member_id: str | None  # None: not there yet
    number: str | None
    name: str
    differences: Sequence[Difference]
    outdated: bool


INDIVIDUAL = Difference("kind", None, "individual")  # as most are: it need not be told of everybody who is new


def compare(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Difference]:
    """Field by field, each custom field by itself."""
    found = []
    for name in COMPARED:
        if name == "custom":
            was, now = before[name], after[name]
            pairs = [(CUSTOM + header, was.get(header, ""), now.get(header, "")) for header in {**was, **now}]
        else:
            pairs = [(name, before[name], after[name])]
        found += [Difference(*pair) for pair in pairs if pair[1] != pair[2]]
    return found


def names_of(differences: Sequence[Difference]) -> str:
    """As a staged row keeps them, to be found by one of them."""
    return "".join(f"\n{each.field}\n" for each in differences)


def staged_rows(roster_id: str, *, action: str = "", field: str = "", q: str = "") -> sa.Select[Any]:
    """Rows of a roster as values. `action`: one of ACTIONS; `field`: only where it changes; `q`: words of name or
    number, as the file or as the member has them."""
    columns = (StagedRow.row, StagedRow.action, StagedRow.member_id, StagedRow.base_revision)
    statement = sa.select(*columns, *(getattr(StagedRow, name) for name in COMPARED)).where(
        StagedRow.roster_id == roster_id, StagedRow.action.in_([action] if action else ACTIONS)
    )
    if field:
        statement = statement.where(StagedRow.differs.contains(f"\n{field}\n", autoescape=True))
    for word in map(fold, q.split()):
        known = sa.select(Found.id).where(holds(word))
        staged = StagedRow.search.contains(word, autoescape=True)
        statement = statement.where(sa.or_(staged, StagedRow.member_id.in_(known)))
    return statement


def compared(uow: UnitOfWork, rows: Sequence[sa.Row[Any]]) -> list[Compared]:
    """These rows beside the members whom they mean."""
    ids = [row.member_id for row in rows if row.action != "new"]
    columns = (getattr(MemberRow, name) for name in COMPARED)
    statement = sa.select(MemberRow.id, MemberRow.revision, *columns).where(MemberRow.id.in_(ids))
    members = {member.id: member for member in uow.session.execute(statement)} if ids else {}
    return [_compared(row, members.get(row.member_id)) for row in rows]


def all_compared(uow: UnitOfWork, found: sa.Select[Any]) -> Iterator[Compared]:
    """Of `staged_rows`, in the order of the file; some thousands are in memory."""
    last = 0
    while rows := uow.session.execute(found.where(StagedRow.row > last).order_by(StagedRow.row).limit(AT_ONCE)).all():
        yield from compared(uow, rows)
        last = rows[-1].row


def count_differences(uow: UnitOfWork, roster_id: str) -> dict[str, int]:
    """How many rows change which field, the most frequent first. Most files change the same few fields in all rows."""
    changed = (StagedRow.roster_id == roster_id, StagedRow.action == "changed")
    groups = sa.select(StagedRow.differs, sa.func.count()).where(*changed).group_by(StagedRow.differs)
    counts: Counter[str] = Counter()
    for names, count in uow.session.execute(groups):
        counts.update(dict.fromkeys(filter(None, names.split("\n")), count))
    return dict(counts.most_common())


def _compared(row: sa.Row[Any], member: sa.Row[Any] | None) -> Compared:
    after = {name: getattr(row, name) for name in COMPARED}
    if member is None:
        listed = [each for each in compare(_EMPTY, after) if each.after not in _NOTHING and each != INDIVIDUAL]
    else:
        listed = compare({name: getattr(member, name) for name in COMPARED}, after)
    outdated = (member.revision if member else 0) != row.base_revision
    id = member.id if member else None
    return Compared(row.row, row.action, id, row.number, row.name, listed, outdated)
