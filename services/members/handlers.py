"""Messages in."""

from __future__ import annotations

from services.members.members import mark_address_dead
from shared.messages.notifications import LetterBounced
from shared.service import Subscriptions
from shared.uow import UnitOfWork


def show_dead_address(uow: UnitOfWork, message: LetterBounced) -> None:
    mark_address_dead(uow, message.person_id, message.bounced_at)


SUBSCRIPTIONS: Subscriptions = {LetterBounced: show_dead_address}
