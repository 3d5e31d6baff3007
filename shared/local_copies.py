"""The subscriptions that the kit brings for every service: societies, ended sessions, and people where wanted."""

from __future__ import annotations

from typing import Any

from shared.identity import end_sessions
from shared.messages.members import PersonChanged, PersonErased, PersonMerged, SessionsEnded, SocietyChanged
from shared.people import copy_people, follow_merger, forget_people
from shared.service import InBulk, Subscriptions
from shared.society import SocietyRow
from shared.uow import UnitOfWork


def copy_society(uow: UnitOfWork, message: SocietyChanged) -> None:
    """Keep the newest revision of a society's public data."""
    known = uow.session.get(SocietyRow, message.society.id)
    if known is not None and known.revision >= message.society.revision:
        return
    values: dict[str, Any] = {name: getattr(message.society, name) for name in message.society.__struct_fields__}
    uow.session.merge(SocietyRow(**values))


def refuse_sessions(uow: UnitOfWork, message: SessionsEnded) -> None:
    end_sessions(uow.session, message.session_ids, message.ended_at)


SOCIETIES_AND_SESSIONS: Subscriptions = {SocietyChanged: copy_society, SessionsEnded: refuse_sessions}
PEOPLE: Subscriptions = {
    PersonChanged: InBulk(copy_people),
    PersonErased: InBulk(forget_people),
    PersonMerged: follow_merger,
}
