"""Finding who is there twice: one statement over all members, by what two of them have in common."""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import aliased

from services.members.duplicates import evidence
from services.members.duplicates.evidence import EMAIL, LIKELY, proofs
from services.members.models import DuplicateRow, MemberRow
from services.members.search_conditions import KINDS
from shared import jobs
from shared.audit import AuditRow
from shared.db import Id, UtcDateTime
from shared.jobs import JobRow, JobRun
from shared.uow import UnitOfWork

FIND = "find-duplicates"
MOST = 12  # members: what more of them share (the number of a switchboard, a common name) tells nothing
AT_ONCE = 500
LONGEST = 900_000  # milliseconds for the one statement that compares everybody


def start_finding(uow: UnitOfWork) -> JobRow:
    """Due work, and when the office does not want to wait for it. What is under way already is that."""
    begun = sa.select(JobRow).where(JobRow.kind == FIND, JobRow.state.in_(("queued", "running")))
    return uow.session.scalars(begun.limit(1)).first() or jobs.start(uow, FIND, {}, total=1)


def find_duplicates_now(run: JobRun) -> None:
    """Long work."""
    with run.chunk(total=1, done=1) as uow:
        if uow.session.connection().dialect.name == "postgresql":
            uow.session.execute(sa.text(f"SET LOCAL statement_timeout = {LONGEST}"))
        find_duplicates(uow)
        open_pairs = sa.select(sa.func.count()).select_from(DuplicateRow).where(DuplicateRow.state == "open")
        run.finish(uow, {"found": uow.session.scalar(open_pairs) or 0})


def find_duplicates(uow: UnitOfWork) -> None:
    """Pairs that are probable by now come, those that are not any more go; what the office has said stays."""
    now = uow.now
    uow.session.execute(_put(uow, _pairs(uow, now)))
    _add_freed_addresses(uow, now)
    old = sa.delete(DuplicateRow).where(DuplicateRow.state == "open", DuplicateRow.found_at < now)
    uow.session.execute(old, execution_options={"synchronize_session": False})


def _pairs(uow: UnitOfWork, found_at: datetime) -> sa.Select[*tuple[Any, ...]]:
    """Whoever shares a key with a few others is compared with each of them: no key of many is multiplied out."""
    m = MemberRow
    kana, name = evidence.kana_of(m), evidence.name_of(m)
    joined = (
        (kana, name),
        (kana, evidence.phone_of(m)),
        (kana, evidence.postcode_of(m)),
        (kana, evidence.affiliation_of(m)),
        (kana, evidence.birth_of(m)),
        (name, evidence.phone_of(m)),
        (name, evidence.postcode_of(m)),
        (name, evidence.affiliation_of(m)),
        (evidence.phone_of(m), sa.literal("")),
    )
    everybody = m.society_id == uow.society_id, m.kind.in_(KINDS)
    keys = sa.union_all(
        *(
            sa.select(m.id.label("id"), (m.kind + f"|{place}|" + one + "|" + other).label("key")).where(
                *everybody, one.is_not(None), other.is_not(None)
            )
            for place, (one, other) in enumerate(joined)
        )
    ).cte("keys")
    count = sa.func.count()
    shared = sa.select(keys.c.key).group_by(keys.c.key).having(count.between(2, MOST)).cte("shared")
    one, other = keys.alias("one"), keys.alias("other")
    pairs = (
        sa.select(one.c.id.label("first_id"), other.c.id.label("second_id"))
        .join(shared, shared.c.key == one.c.key)
        .join(other, sa.and_(other.c.key == one.c.key, one.c.id < other.c.id))
        .distinct()
        .cte("pairs")
    )
    a, b = aliased(MemberRow), aliased(MemberRow)
    score, bits = proofs(a, b)
    society, now = sa.literal(uow.society_id, Id), sa.literal(found_at, UtcDateTime())
    return (
        sa.select(society, a.id, b.id, score, bits, sa.literal("open"), now, sa.literal(""))
        .select_from(pairs)
        .join(a, a.id == pairs.c.first_id)
        .join(b, b.id == pairs.c.second_id)
        .where(score >= LIKELY)
    )


def _put(uow: UnitOfWork, pairs: sa.Select[*tuple[Any, ...]]) -> Any:
    names = ["society_id", "first_id", "second_id", "score", "reasons", "state", "found_at", "decided_by"]
    insert = _insert(uow).from_select(names, pairs, include_defaults=False)
    return _again(insert, score=insert.excluded.score, reasons=insert.excluded.reasons)


def _again(insert: Any, **values: Any) -> Any:
    """Of a pair that stands there already, unless it was told apart."""
    return insert.on_conflict_do_update(
        index_elements=["first_id", "second_id"],
        set_={**values, "found_at": insert.excluded.found_at},
        where=DuplicateRow.__table__.c.state == "open",
    )


def _add_freed_addresses(uow: UnitOfWork, now: datetime) -> None:
    """Staff took an address off somebody who had left, so that the same person could be registered anew with it."""
    freed = sa.select(AuditRow.subject, AuditRow.before).where(AuditRow.action == "free-address")
    whose = {before["email"]: subject.removeprefix("member/") for subject, before in uow.session.execute(freed)}
    present = sa.select(MemberRow.id, MemberRow.email).where(MemberRow.kind.in_(KINDS))
    emails = list(whose)
    for lot in (emails[start : start + AT_ONCE] for start in range(0, len(emails), AT_ONCE)):
        taken = uow.session.execute(present.where(MemberRow.email.in_(lot)))
        pairs = [(id, whose[email]) for id, email in taken if id != whose[email]]
        here = {id for id, _ in uow.session.execute(present.where(MemberRow.id.in_([former for _, former in pairs])))}
        for id, former in pairs:
            if former in here:
                _add_proof(uow, now, *sorted((id, former)))


def _add_proof(uow: UnitOfWork, now: datetime, first: str, second: str) -> None:
    table = cast(Any, DuplicateRow.__table__).c
    values = {"society_id": uow.society_id, "first_id": first, "second_id": second, "state": "open", "decided_by": ""}
    insert = _insert(uow).values(**values, score=EMAIL.weight, reasons=EMAIL.bit, found_at=now)
    besides = table.found_at == now  # what else speaks for the pair was found a moment ago
    score, reasons = (sa.case((besides, column), else_=0) for column in (table.score, table.reasons))
    uow.session.execute(_again(insert, score=score + EMAIL.weight, reasons=reasons + EMAIL.bit))


def _insert(uow: UnitOfWork) -> Any:
    dialect = postgresql if uow.session.connection().dialect.name == "postgresql" else sqlite
    return dialect.insert(cast(sa.Table, DuplicateRow.__table__))
