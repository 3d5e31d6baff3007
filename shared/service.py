"""A service as one value (`Service`), and that value running against its database (`RunningService`)."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from shared import crash, outbox
from shared.db import lone_statements, make_engine, read_only
from shared.identity import SYSTEM, Actor
from shared.messages import Envelope, Message
from shared.observe import current_traceparent
from shared.settings import Settings
from shared.society import SocietyRow, current_society, enter
from shared.uow import UnitOfWork

if TYPE_CHECKING:
    from flask import Blueprint

    from shared.audit.words import Trail
    from shared.jobs import JobRun

Handler = Callable[[UnitOfWork, Any], None]


@dataclass(frozen=True)
class InBulk:
    """Marks a handler that takes all messages of one type and society in a batch at once: `(uow, [message, …])`."""

    handle: Callable[[UnitOfWork, Sequence[Any]], None]


Subscriptions = Mapping[type[Message], Handler | InBulk]


@dataclass(frozen=True)
class Due:
    """Work that time brings: "do all that is due by now", idempotent; run by one ticker per service at a time.

    `for_each_society`: `do(uow)` in one unit of work per society. Otherwise `do(running)`, once: work that needs more
    than one transaction (it must not hold one while a mail server or provider thinks)."""

    name: str
    every: timedelta
    do: Callable[[Any], object]
    for_each_society: bool = True


@dataclass(frozen=True, kw_only=True)
class Service:
    """The wiring of a service: read its `service.py` first."""

    name: str  # = queue, URL prefix, database
    package: str  # "services.billing": where templates, translations, static files and migrations are found
    metadata: sa.MetaData
    subscriptions: Subscriptions = field(default_factory=dict)
    long_work: Mapping[str, Callable[[JobRun], None]] = field(default_factory=dict)
    due_work: Sequence[Due] = ()
    pages: Sequence[Blueprint] = ()
    api: Sequence[Blueprint] = ()
    trail: Trail | None = None  # what the entries of its audit trail are called
    settings: type[Settings] = Settings

    def start(self, settings: Settings | None = None) -> RunningService:
        """Connect to the database; reads the environment unless settings are given. Raises SettingsWrong."""
        return RunningService(self, settings or self.settings.load(self.name))


class RunningService:
    """A service with its engine. Threads share it; after a fork, make a new one."""

    def __init__(self, service: Service, settings: Settings) -> None:
        self.service = service
        self.settings = settings
        self.name = service.name
        self.engine = make_engine(settings.database, pool_size=settings.pool_size)
        self._reading = read_only(self.engine)
        self._looking = lone_statements(self.engine)
        self._here = threading.local()
        self.prompted_at = 0.0  # on the monotonic clock: when the prompt lane last brought this process something
        # called after a commit, in the same process: something was said, long work was queued, a message arrived
        self.after_saying: list[Callable[[], None]] = []
        self.after_starting_work: list[Callable[[], None]] = []
        self.after_arriving: list[Callable[[], None]] = []

    @property
    def commits(self) -> int:
        """How many transactions this thread has committed: whoever repeats something asks whether it began already."""
        return getattr(self._here, "commits", 0)

    @contextmanager
    def session(self, *, reading: bool = False) -> Iterator[Session]:
        """A bare transaction outside all societies, for the kit's own tables."""
        with Session(self._reading if reading else self.engine, expire_on_commit=False) as session, session.begin():
            yield session
            if said := session.info.pop("to_say", None):  # by all units of work in it, in one statement
                outbox.put(session, said)
                session.info["said"] = True
                crash.point("outbox")
        if not reading:
            self._here.commits = self.commits + 1
        hooks = {"said": self.after_saying, "work_started": self.after_starting_work, "arrived": self.after_arriving}
        for flag in hooks.keys() & session.info.keys():
            for wake in hooks[flag]:
                wake()

    @contextmanager
    def look(self) -> Iterator[sa.Connection]:
        """For single statements that read the kit's own tables: no round trips for a transaction around them, and no
        objects."""
        with self._looking.connect() as connection:
            yield connection

    @contextmanager
    def unit(
        self, society_id: str | None, *, actor: Actor = SYSTEM, cause: Envelope | None = None, reading: bool = False
    ) -> Iterator[UnitOfWork]:
        """One transaction in one society: committed at the end with everything that was said, or undone whole."""
        with (
            self.session(reading=reading) as session,
            self.in_society(session, society_id, actor=actor, cause=cause) as uow,
        ):
            yield uow

    @contextmanager
    def in_society(
        self,
        session: Session,
        society_id: str | None,
        *,
        actor: Actor = SYSTEM,
        cause: Envelope | None = None,
        flush: bool = True,
    ) -> Iterator[UnitOfWork]:
        """A unit of work within an open transaction (a batch of messages may hold several societies).

        Without `flush` its changes are left to the next query or flush, which may write those of many units at once."""
        enter(session, society_id)
        uow = UnitOfWork(
            session,
            service=self.name,
            society_id=society_id,
            actor=actor,
            cause=cause,
            traceparent=current_traceparent(),
        )
        token = current_society.set(society_id)
        try:
            yield uow
            if flush:
                session.flush()
            if cause is not None:
                crash.point("effect")
            session.info.setdefault("to_say", []).extend(uow.take_said())
        finally:
            current_society.reset(token)

    def societies(self, *, at_work: bool = False) -> list[str]:
        """Ids of all societies that this service knows; `at_work`: only of those that are not suspended."""
        found = sa.select(SocietyRow.id)
        with self.session(reading=True) as session:
            return list(session.scalars(found.where(~SocietyRow.suspended) if at_work else found))

    def stop(self) -> None:
        self.engine.dispose()
