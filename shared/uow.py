"""The unit of work: one transaction, in one society, by one actor. Use-cases change rows and `say` messages in it;
the kit commits both together."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Session

from shared import clock, outbox
from shared.errors import NotFound, TsudoiError
from shared.identity import Actor
from shared.ids import new_id
from shared.messages import Envelope, Message, encode
from shared.society import SocietyRow

LARGEST_PAYLOAD = 256 * 1024  # bytes; brokers differ in what they take, all take this

Row = TypeVar("Row", bound=DeclarativeBase)


class Replaceable:
    """Mixin of tables in which one row can take the place of another: then nobody gets the other by its id any more."""

    def replaced(self) -> TsudoiError | None:
        """What to tell whoever asks for it, if another row stands in its place."""
        raise NotImplementedError


class UnitOfWork:
    """Handed to every use-case as its first argument."""

    def __init__(
        self,
        session: Session,
        *,
        service: str,
        society_id: str | None,
        actor: Actor,
        cause: Envelope | None,
        traceparent: str | None,
    ) -> None:
        self.session = session
        self.service = service
        self.society_id = society_id
        self.actor = actor
        self.cause = cause
        self.traceparent = traceparent
        self._said: list[Envelope] = []
        self._society: SocietyRow | None = None

    @property
    def now(self) -> datetime:
        return clock.now()

    @property
    def society(self) -> SocietyRow:
        """The current society's public data. Raises NotFound where its first message has not come yet."""
        if self._society is None:  # kept: the session itself holds rows only as long as somebody else does
            self._society = self.session.get(SocietyRow, self.society_id) if self.society_id else None
        if self._society is None:
            raise NotFound
        return self._society

    def know_society(self, row: SocietyRow | None) -> None:
        """Where the caller has just read it. The row may belong to no session: nobody changes it here."""
        self._society = row

    @property
    def zone(self) -> ZoneInfo:
        return self.society.tz

    @property
    def today(self) -> date:
        """The calendar day in the society's zone."""
        return clock.today(self.zone)

    def get(self, model: type[Row], id: str, *, lock: bool = False) -> Row:
        """One row of this society by id. Raises NotFound, or what a replaced row says; with `lock`, nobody else changes
        it before the commit."""
        table: Any = model
        statement = sa.select(model).where(table.id == id).execution_options(populate_existing=lock)
        found = self.session.scalars(statement.with_for_update() if lock else statement).one_or_none()
        if found is None:
            raise NotFound
        if isinstance(found, Replaceable) and (error := found.replaced()):
            raise error
        return found

    def add(self, row: Row) -> Row:
        self.session.add(row)
        return row

    def say(self, message: Message, *, bulk: bool = False, because: Envelope | None = None) -> None:
        """Tell the other services a fact, in this transaction. `bulk`: part of a run, must not delay a click."""
        self.say_all([message], bulk=bulk, because=because)

    def say_all(self, messages: Iterable[Message], *, bulk: bool = True, because: Envelope | None = None) -> None:
        """Many facts at once. Raises ValueError for a message that this service does not own, or one over 256 KiB."""
        cause = because or self.cause
        now = clock.now()
        for message in messages:
            if message.publisher() != self.service:
                raise ValueError(f"{self.service} may not say {message.type_name()}")
            payload = encode(message)
            if len(payload) * 4 > LARGEST_PAYLOAD and len(payload.encode()) > LARGEST_PAYLOAD:
                raise ValueError(f"{message.type_name()} is too large to be said: {len(payload)} characters")
            id = new_id()
            self._said.append(
                Envelope(
                    id=id,
                    type=message.type_name(),
                    source=f"/{self.service}",
                    time=now,
                    society=self.society_id,
                    payload=payload,
                    correlation=cause.correlation if cause else id,
                    causation=cause.id if cause else None,
                    traceparent=self.traceparent or (cause.traceparent if cause else None),
                    bulk=bulk,
                )
            )

    def take_said(self) -> list[Envelope]:
        """What was said since the last call; the kit puts it into the outbox just before the commit."""
        said, self._said = self._said, []
        return said

    def write_messages(self) -> bool:
        """Put what was said into the outbox now, so that memory stays flat. True if there was anything."""
        said = self.take_said()
        outbox.put(self.session, said)
        if said:
            self.session.info["said"] = True
        return bool(said)
