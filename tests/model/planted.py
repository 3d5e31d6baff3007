"""Defects planted into the kit and the services, to see that the model finds them. Each switches one guard off."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from unittest.mock import patch

import sqlalchemy as sa
from sqlalchemy.orm import Session

from services.payments import handlers as payments_handlers
from services.payments.requests import Billed
from shared import outbox
from shared.bus import inbox
from shared.messages import Envelope
from shared.messages.billing import Invoice
from shared.service import RunningService


class AlwaysNewer(int):
    """A revision that no comparison finds to be old."""

    def __gt__(self, other: object) -> bool:
        return True

    def __le__(self, other: object) -> bool:
        return False


@contextmanager
def without_inbox() -> Iterator[None]:
    """Every message is new, however often it comes."""
    remember = inbox.remember

    def forgetful(session: Session, envelopes: Sequence[Envelope], *, state: str) -> set[str]:
        remember(session, envelopes, state=state)
        return {envelope.id for envelope in envelopes}

    with patch.object(inbox, "remember", forgetful):
        yield


@contextmanager
def without_revision_check() -> Iterator[None]:
    """Payments takes whatever it hears of an invoice for the newest state of it."""
    billed = payments_handlers._billed

    def newest(invoice: Invoice) -> Billed:
        found = billed(invoice)
        object.__setattr__(found, "revision", AlwaysNewer(found.revision))
        return found

    with patch.object(payments_handlers, "_billed", newest):
        yield


@contextmanager
def marked_before_sent() -> Iterator[None]:
    """The relay notes that it has sent what it only means to send."""
    claim = outbox.claim

    def hasty(session: Session, *args: object, **options: object) -> list[Envelope]:
        found = claim(session, *args, **options)  # type: ignore[arg-type]
        ids = [envelope.id for envelope in found]
        update = (
            sa.update(outbox.OutboxRow).where(outbox.OutboxRow.id.in_(ids)).values(sent_at=outbox.OutboxRow.said_at)
        )
        session.execute(update, execution_options={"synchronize_session": False})
        return found

    writing = RunningService.session

    def always_writing(self: RunningService, *, reading: bool = False) -> object:
        return writing(self)

    with patch.object(outbox, "claim", hasty), patch.object(RunningService, "session", always_writing):
        yield


DEFECTS: dict[str, Callable[[], AbstractContextManager[None]]] = {
    "inbox": without_inbox,
    "revision": without_revision_check,
    "mark-after-confirm": marked_before_sent,
}
