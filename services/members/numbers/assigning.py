"""Numbering 採番 of a chosen list: in its order, without gaps, all of them or nobody (M7)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from services.members.categories import list_categories
from services.members.errors.lists import NumberingRefused
from services.members.members import label
from services.members.models import CategoryRow, MemberRow, NumberRow, SelectedRow, SelectionRow
from services.members.models.people import PERSON_COLUMNS, public_person
from services.members.numbers.register import Holder, holders, next_free
from services.members.search import search_text
from services.members.selections import chosen_values, same_work
from services.members.standings.words import ENDED
from services.members.values import LONGEST_NUMBER
from shared import audit, jobs
from shared.db import insert_rows, update_rows
from shared.errors import N_, Fault, InvalidInput
from shared.jobs import JobRow, JobRun
from shared.messages.members import PersonChanged
from shared.uow import UnitOfWork

ASSIGN = "assign-numbers"
SHOWN = 100  # members of either kind that a preview names
HIGHEST = 10**12
_LOOKED_AT = ("name", "kana", "number", "standing", "category")
_WRITTEN = ("revision", "letters_to", "contact_words", *PERSON_COLUMNS)

Starts = Mapping[str, int]  # the first number to be given, by prefix


@dataclass(frozen=True)
class Format:
    """How numbers of some categories look. Categories with one prefix share one sequence."""

    prefix: str
    width: int
    categories: Sequence[CategoryRow]

    def number(self, place: int) -> str:
        return f"{self.prefix}{place:0{self.width}d}"


@dataclass(frozen=True)
class Planned:
    """One member of the list, with the number to come, or with the reason why there can be none."""

    member: sa.Row[Any]
    number: str = ""
    obstacle: Fault | None = None


@dataclass
class Preview:
    """What numbering would do. All or nothing: with anybody in the way it is refused."""

    count: int = 0
    in_the_way: int = 0
    planned: list[Planned] = field(default_factory=list)  # the first hundred
    obstacles: list[Planned] = field(default_factory=list)  # the first hundred


def formats_of(uow: UnitOfWork, selection: SelectionRow) -> Sequence[Format]:
    """The formats that a chosen list needs, in the order of its categories."""
    category_of = sa.select(MemberRow.category).where(MemberRow.id == SelectedRow.member_id).scalar_subquery()
    chosen = sa.select(category_of).where(SelectedRow.selection_id == selection.id).distinct()
    codes = set(uow.session.scalars(chosen))
    needed: dict[str, list[CategoryRow]] = {}
    for category in list_categories(uow):
        if category.code in codes:
            needed.setdefault(category.number_prefix, []).append(category)
    return [Format(prefix, max(c.number_width for c in some), some) for prefix, some in needed.items()]


def first_numbers(uow: UnitOfWork, formats: Sequence[Format]) -> dict[str, int]:
    """Where each format would go on, by prefix."""
    return {each.prefix: next_free(uow, each.prefix) for each in formats}


def look_at_numbering(uow: UnitOfWork, selection: SelectionRow, starts: Starts) -> Preview:
    """Nothing changes. Raises InvalidInput where a start is missing or impossible."""
    preview = Preview(count=selection.count)
    for rows in _plan(uow, selection, starts, _LOOKED_AT):
        for row in rows:
            if row.obstacle:
                preview.in_the_way += 1
            some = preview.obstacles if row.obstacle else preview.planned
            if len(some) < SHOWN:
                some.append(row)
    return preview


def start_numbering(uow: UnitOfWork, selection: SelectionRow, starts: Starts) -> JobRow:
    """In the background. Raises InvalidInput, NumberingRefused."""
    args = {"selection": selection.id, "starts": dict(starts)}
    if known := same_work(uow, selection, ASSIGN, args):
        return known
    if look_at_numbering(uow, selection, starts).in_the_way:
        raise NumberingRefused
    audit.record(uow, ASSIGN, f"selection/{selection.id}", after={**args, "count": selection.count})
    return jobs.start(uow, ASSIGN, args, total=selection.count)


def assign_numbers(run: JobRun) -> None:
    """Long work, in one transaction. Raises NumberingRefused when somebody was quicker; then nobody has a number."""
    try:
        with run.chunk() as uow:
            categories = {row.code: row for row in list_categories(uow)}
            selection = uow.get(SelectionRow, run.args["selection"])
            for rows in _plan(uow, selection, run.args["starts"], _WRITTEN, lock=True):
                _assign(uow, rows, categories)
                run.done += len(rows)
            run.finish(uow, {"numbered": run.done})
    except IntegrityError as error:  # a number was taken at the same moment
        raise NumberingRefused from error


def _assign(uow: UnitOfWork, rows: Sequence[Planned], categories: Mapping[str, CategoryRow]) -> None:
    if any(row.obstacle for row in rows):
        raise NumberingRefused
    update_rows(uow.session, MemberRow, (_changed(uow, row) for row in rows))
    uow.say_all(_told(row, categories) for row in rows)
    audit.record_many(
        uow,
        [
            audit.trail_entry(
                uow, ASSIGN, f"member/{row.member.id}", before={"number": None}, after={"number": row.number}
            )
            for row in rows
        ],
    )
    taken = ({"society_id": uow.society_id, "number": row.number, "member_id": row.member.id} for row in rows)
    insert_rows(uow.session, NumberRow, taken)
    uow.write_messages()  # into the outbox now, so that memory stays flat


def _changed(uow: UnitOfWork, row: Planned) -> dict[str, Any]:
    who = row.member
    return {
        "id": who.id,
        "number": row.number,
        "revision": who.revision + 1,
        "changed_at": uow.now,
        "search": search_text(
            who.name, who.kana, who.roman, row.number, who.email, who.affiliation, who.contact_words or ""
        ),
    }


def _told(row: Planned, categories: Mapping[str, CategoryRow]) -> PersonChanged:
    category = categories.get(row.member.category or "")
    person = public_person(row.member.id, row.member.revision + 1, row.member, category, row.member.letters_to)
    return PersonChanged(person=msgspec.structs.replace(person, number=row.number))


def _plan(
    uow: UnitOfWork, selection: SelectionRow, starts: Starts, columns: Sequence[str], *, lock: bool = False
) -> Iterator[list[Planned]]:
    """In the order of the list, some thousands at a time."""
    formats = formats_of(uow, selection)
    _check_starts(formats, starts)
    by_category = {category.code: each for each in formats for category in each.categories}
    places = {each.prefix: starts[each.prefix] for each in formats}
    for members in chosen_values(uow, selection, columns, lock=lock):
        planned = []
        for member in members:
            form, number = by_category.get(member.category or ""), ""
            if form:
                number = form.number(places[form.prefix])
                places[form.prefix] += 1
            planned.append((member, number))
        used = holders(uow, [number for _, number in planned if number])
        yield [Planned(member, number, _obstacle(member, number, used)) for member, number in planned]


def _obstacle(member: sa.Row[Any], number: str, used: Mapping[str, Holder]) -> Fault | None:
    if member.number:
        return Fault(N_("has the number %(number)s already"), {"number": member.number})
    if member.standing == "applying" or member.standing in ENDED:
        return Fault(N_("is no member at present"))
    if not number:
        return Fault(N_("has no category"))
    if len(number) > LONGEST_NUMBER:
        return Fault(N_("%(number)s is too long for a member number"), {"number": number})
    if number in used:
        params = {"number": number, "holder": label(used[number])}
        return Fault(N_("%(number)s is or was the number of %(holder)s"), params)
    return None


def _check_starts(formats: Sequence[Format], starts: Starts) -> None:
    faults = [
        Fault(N_("Please enter the first number, from 1."), field=f"starts.{place}")
        for place, each in enumerate(formats)
        if not 0 < starts.get(each.prefix, 0) < HIGHEST
    ]
    if faults:
        raise InvalidInput(faults=faults)
