"""The import itself: one transaction from the staged rows to members, messages and audit trail; all or nothing,
whatever dies in between."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import InstrumentedAttribute

from services.members.categories import list_categories
from services.members.corporations.acting import logins_of
from services.members.custom_fields.finding import list_fields, revisions
from services.members.errors.files import FieldsOutdated, RosterOutdated
from services.members.models import CategoryRow, CustomFieldRow, MemberRow, NumberRow, RosterRow, StagedRow
from services.members.models.people import PERSON_COLUMNS, public_person
from services.members.rosters.histories import keep_histories
from services.members.rosters.staff_addresses import moved_addresses
from services.members.rosters.staging import differences
from services.members.rosters.upload import forget_file, forget_rows
from services.members.sessions import end_all_sessions
from services.members.standings.words import ENDED
from shared import audit
from shared.jobs import JobRun
from shared.messages.members import PersonChanged
from shared.trouble import database_is_down, is_contention, stood_still
from shared.uow import UnitOfWork

CHUNK = 5_000
Members = Mapping[str, sa.Row[Any]]  # by id
_staged: sa.Table = cast(sa.Table, StagedRow.__table__)
_members: sa.Table = cast(sa.Table, MemberRow.__table__)
_numbers: sa.Table = cast(sa.Table, NumberRow.__table__)


def import_roster(run: JobRun) -> None:
    """Long work. Raises RosterOutdated when members were changed since the dry run, FieldsOutdated when custom fields
    were; then nothing was imported."""
    import_file(run, _apply, RosterOutdated)


def import_file(
    run: JobRun, apply: Callable[[UnitOfWork, JobRun, RosterRow], None], outdated: type[RosterOutdated]
) -> None:
    """What a checked file says is applied, all of it or nothing; when it is outdated it can be checked again."""
    roster_id = run.args["roster"]
    try:
        with run.chunk() as uow:
            roster = uow.get(RosterRow, roster_id, lock=True)
            if roster.state == "importing":
                apply(uow, run, roster)
                roster.state, roster.imported_at = "imported", uow.now
    except (RosterOutdated, IntegrityError) as error:
        _put_back(run, roster_id)
        raise error if isinstance(error, RosterOutdated) else outdated from error
    except Exception as error:
        taken_up_again = database_is_down(error) or is_contention(error) or stood_still(error)
        if not taken_up_again:
            _put_back(run, roster_id)
        raise
    with run.chunk() as uow:
        if uow.get(RosterRow, roster_id, lock=True).state != "imported":
            return  # put back meanwhile: what was staged is still wanted
        forget_file(uow, roster_id)
        forget_rows(uow, roster_id)


def _put_back(run: JobRun, roster_id: str) -> None:
    """It can be confirmed, checked again or discarded."""
    with run.chunk() as uow:
        uow.get(RosterRow, roster_id, lock=True).state = "checked"
        run.done = 0


def _apply(uow: UnitOfWork, run: JobRun, roster: RosterRow) -> None:
    if _is_outdated(uow, roster.id):
        raise RosterOutdated
    categories, fields = {row.code: row for row in list_categories(uow)}, list_fields(uow, lock=True)
    if run.args.get("read_by") not in (None, revisions(fields)):  # files of an older release do not say
        raise FieldsOutdated
    _insert_new(uow, roster.id)
    for rows in _changing(uow, roster.id):
        before = _as_they_were(uow, rows)
        _record(uow, roster, rows, before, fields)
        keep_histories(uow, rows, before)
        _tell(uow, rows, before, categories)
    _shut_out(uow, roster.id)
    _update_changed(uow, roster.id, roster.changed)
    _keep_numbers(uow, roster.id)
    run.done = roster.rows
    run.finish(uow, {"new": roster.new, "changed": roster.changed, "same": roster.same})


def _is_outdated(uow: UnitOfWork, roster_id: str) -> bool:
    """Did a matched member change, a new one's number or address appear, a category go, or a last day pass, since the
    dry run?"""
    here = StagedRow.roster_id == roster_id
    written = sa.select(StagedRow.id).where(here, StagedRow.action.in_(("new", "changed")))
    of_category = sa.exists().where(CategoryRow.code == StagedRow.category)
    as_it_was = sa.exists().where(
        MemberRow.id == StagedRow.member_id,
        MemberRow.standing == StagedRow.standing,
        MemberRow.leaves_on == StagedRow.leaves_on,
    )
    changed = sa.select(StagedRow.id).join(MemberRow, MemberRow.id == StagedRow.member_id)
    taken = sa.select(StagedRow.id).where(here, StagedRow.action == "new")
    questions = (
        changed.where(here, MemberRow.revision != StagedRow.base_revision),
        taken.join(MemberRow, MemberRow.number == StagedRow.number),
        taken.join(MemberRow, MemberRow.email == StagedRow.email),
        sa.select(StagedRow.id)
        .join(NumberRow, NumberRow.number == StagedRow.number)
        .where(here, NumberRow.member_id != StagedRow.member_id),
        moved_addresses(roster_id),
        written.where(StagedRow.category.is_not(None), ~of_category),
        written.where(StagedRow.leaves_on < uow.today, StagedRow.standing.not_in(ENDED), ~as_it_was),
    )
    return any(uow.session.scalars(question.limit(1)).first() for question in questions)


def _changing(uow: UnitOfWork, roster_id: str) -> Iterator[Sequence[sa.Row[Any]]]:
    last = 0
    while True:
        statement = (
            sa.select(
                StagedRow.row, StagedRow.action, StagedRow.member_id, StagedRow.base_revision, *_columns(StagedRow)
            )
            .where(StagedRow.roster_id == roster_id, StagedRow.row > last, StagedRow.action.in_(("new", "changed")))
            .order_by(StagedRow.row)
            .limit(CHUNK)
        )
        rows = uow.session.execute(statement).all()
        if not rows:
            return
        yield rows
        last = rows[-1].row


def _as_they_were(uow: UnitOfWork, rows: Sequence[sa.Row[Any]]) -> Members:
    ids = [row.member_id for row in rows if row.action == "changed"]
    statement = sa.select(MemberRow.id, MemberRow.letters_to, *_columns(MemberRow)).where(MemberRow.id.in_(ids))
    statement = statement.order_by(MemberRow.id).with_for_update()  # before their histories are
    return {member.id: member for member in uow.session.execute(statement)} if ids else {}


def _record(
    uow: UnitOfWork,
    roster: RosterRow,
    rows: Sequence[sa.Row[Any]],
    before: Members,
    fields: Sequence[CustomFieldRow],
) -> None:
    entries = []
    for row in rows:
        was, now = (
            differences(fields, before[row.member_id], row)
            if row.action == "changed"
            else (None, {"number": row.number})
        )
        after = {**now, "roster": roster.id}
        entries.append(audit.trail_entry(uow, "import-member", f"member/{row.member_id}", before=was, after=after))
    audit.record_many(uow, entries)


def _tell(uow: UnitOfWork, rows: Sequence[sa.Row[Any]], before: Members, categories: dict[str, CategoryRow]) -> None:
    told = (
        public_person(
            row.member_id,
            row.base_revision + 1,
            row,
            categories.get(row.category or ""),
            before[row.member_id].letters_to if row.action == "changed" else None,
        )
        for row in rows
    )
    uow.say_all(PersonChanged(person=person) for person in told)
    uow.write_messages()  # into the outbox now, so that memory stays flat


def _shut_out(uow: UnitOfWork, roster_id: str) -> None:
    gone = sa.select(StagedRow.member_id).where(
        StagedRow.roster_id == roster_id, StagedRow.action == "changed", StagedRow.standing.in_(ENDED)
    )
    accounts = logins_of(uow, gone)
    if accounts:
        end_all_sessions(uow, accounts)


def _insert_new(uow: UnitOfWork, roster_id: str) -> None:
    names = ["society_id", "id", "revision", "changed_at", *PERSON_COLUMNS]
    now = sa.literal(uow.now, MemberRow.changed_at.type)
    rows = sa.select(
        _staged.c.society_id, _staged.c.member_id, sa.literal(1), now, *(_staged.c[name] for name in PERSON_COLUMNS)
    ).where(_staged.c.roster_id == roster_id, _staged.c.action == "new", _staged.c.society_id == uow.society_id)
    uow.session.execute(sa.insert(_members).from_select(names, rows, include_defaults=False))


def _update_changed(uow: UnitOfWork, roster_id: str, changed: int) -> None:
    values = {name: _staged.c[name] for name in PERSON_COLUMNS}
    kept = sa.case((_members.c.email == _staged.c.email, _members.c.address_dead_at), else_=None)
    statement = (
        sa.update(_members)
        .values(**values, revision=_staged.c.base_revision + 1, changed_at=uow.now, address_dead_at=kept)
        .where(
            _members.c.id == _staged.c.member_id,
            _members.c.revision == _staged.c.base_revision,  # changed since we looked: theirs must not be lost
            _members.c.society_id == uow.society_id,
            _staged.c.society_id == uow.society_id,
            _staged.c.roster_id == roster_id,
            _staged.c.action == "changed",
        )
    )
    done = uow.session.execute(statement, execution_options={"synchronize_session": False})
    if done.rowcount != changed:  # type: ignore[attr-defined]
        raise RosterOutdated


def _keep_numbers(uow: UnitOfWork, roster_id: str) -> None:
    known = sa.select(_numbers.c.number).where(
        _numbers.c.society_id == uow.society_id, _numbers.c.number == _staged.c.number
    )
    fresh = sa.select(_staged.c.society_id, _staged.c.number, _staged.c.member_id).where(
        _staged.c.roster_id == roster_id,
        _staged.c.society_id == uow.society_id,
        _staged.c.action.in_(("new", "changed")),
        _staged.c.number.is_not(None),
        ~known.exists(),
    )
    names = ["society_id", "number", "member_id"]
    uow.session.execute(sa.insert(_numbers).from_select(names, fresh, include_defaults=False))


def _columns(table: type[MemberRow] | type[StagedRow]) -> list[InstrumentedAttribute[Any]]:
    """Plain rows are enough here, and making objects of them would cost as much as all the rest."""
    return [getattr(table, name) for name in PERSON_COLUMNS]
