"""Requests of members 届出 (M13+): they ask, the office decides, and what it accepts is done with that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa

from services.members.errors.people import RequestDecidedAlready, RequestWaiting
from services.members.members import change_member
from services.members.models import MemberRow, RequestRow
from services.members.standings.history import change_standing, leave_after
from shared import audit
from shared.errors import N_, Fault, InvalidInput, NotFound
from shared.messages.members import RequestDecided, RequestMade
from shared.uow import UnitOfWork

FROM = {"name": ("active", "on_leave", "leaving"), "leave": ("active",), "withdrawal": ("active", "on_leave")}
NAMES = ("name", "kana", "roman")


def possible_requests(uow: UnitOfWork, person: MemberRow) -> Sequence[str]:
    """The kinds that this member may ask for now."""
    waiting = {row.kind for row in requests_of(uow, person.id) if row.state == "waiting"}
    return [kind for kind, standings in FROM.items() if person.standing in standings and kind not in waiting]


def requests_of(uow: UnitOfWork, person_id: str) -> Sequence[RequestRow]:
    """Newest first."""
    statement = sa.select(RequestRow).where(RequestRow.person_id == person_id).order_by(RequestRow.id.desc())
    return uow.session.scalars(statement).all()


def waiting_requests() -> sa.Select[Any, Any]:
    """(request, member) of all that the office has to decide."""
    return (
        sa.select(RequestRow, MemberRow)
        .join(MemberRow, MemberRow.id == RequestRow.person_id)
        .where(RequestRow.state == "waiting")
    )


def make_request(uow: UnitOfWork, person_id: str, kind: str, asked: Mapping[str, Any], *, reason: str) -> RequestRow:
    """`asked`: name, kana and roman, or `day`: the first of the leave, the last of the membership.

    Raises RequestWaiting, NotFound (for a kind that this member may not ask for), InvalidInput."""
    person = uow.get(MemberRow, person_id, lock=True)
    if person.standing not in FROM[kind]:
        raise NotFound
    if kind not in possible_requests(uow, person):
        raise RequestWaiting
    _check(uow, person, kind, asked)
    row = RequestRow(
        person_id=person_id, kind=kind, asked=audit.plain(asked), reason=reason, state="waiting", asked_at=uow.now
    )
    uow.add(row)
    uow.session.flush()
    _record(uow, row, "make-request")
    uow.say(RequestMade(request_id=row.id, person_id=person_id, request=kind, made_at=uow.now))
    return row


def take_back_request(uow: UnitOfWork, person_id: str, id: str) -> None:
    """Raises NotFound, RequestDecidedAlready."""
    row = _lock_waiting(uow, id, of=person_id)
    row.state, row.decided_at = "taken_back", uow.now
    _record(uow, row, "take-back-request", before="waiting")


def accept_request(uow: UnitOfWork, id: str, *, day: date | None = None, answer: str = "") -> RequestRow:
    """Do what was asked for; the office may choose another day. Raises NotFound, RequestDecidedAlready, and whatever
    the change itself raises."""
    row = _lock_waiting(uow, id)
    if row.kind == "name":
        change_member(uow, row.person_id, {name: row.asked[name] for name in NAMES})
        return _decide(uow, row, "accepted", answer)
    row.day = day or date.fromisoformat(row.asked["day"])
    if row.kind == "leave":
        change_standing(uow, row.person_id, "on_leave", row.day)
    else:
        leave_after(uow, row.person_id, row.day)
    return _decide(uow, row, "accepted", answer)


def refuse_request(uow: UnitOfWork, id: str, *, answer: str) -> RequestRow:
    """With the reason, which the member reads. Raises NotFound, RequestDecidedAlready."""
    return _decide(uow, _lock_waiting(uow, id), "refused", answer)


def _decide(uow: UnitOfWork, row: RequestRow, state: str, answer: str) -> RequestRow:
    row.state, row.decided_at, row.decided_by, row.answer = state, uow.now, uow.actor.name, answer
    _record(uow, row, "decide-request", before="waiting")
    uow.say(
        RequestDecided(
            request_id=row.id,
            person_id=row.person_id,
            request=row.kind,
            accepted=state == "accepted",
            answer=answer,
            decided_at=uow.now,
            day=row.day,
        )
    )
    return row


def _lock_waiting(uow: UnitOfWork, id: str, *, of: str | None = None) -> RequestRow:
    """The member first, as whoever makes a request does. `of`: it must be this member's."""
    person_id = uow.get(RequestRow, id).person_id
    if of and of != person_id:
        raise NotFound
    uow.get(MemberRow, person_id, lock=True)
    row = uow.get(RequestRow, id, lock=True)
    if row.state != "waiting":
        raise RequestDecidedAlready
    return row


def _record(uow: UnitOfWork, row: RequestRow, action: str, *, before: str = "") -> None:
    was, now = (f"{row.kind} {state}" if state else "" for state in (before, row.state))
    audit.record(uow, action, f"member/{row.person_id}", before={"request": was}, after={"request": now})


def _check(uow: UnitOfWork, person: MemberRow, kind: str, asked: Mapping[str, Any]) -> None:
    if kind == "name" and all(asked[name] == getattr(person, name) for name in NAMES):
        raise InvalidInput(faults=[Fault(N_("This is your registered name."), field="name")])
    if kind != "name" and asked["day"] < uow.today:
        raise InvalidInput(faults=[Fault(N_("This day is over."), field="day")])
