"""Societies 学会 (tenants). Every tenant table has the column, every unit of work has a current society, the session
adds the filter, and PostgreSQL's row-level security enforces it once more. Domain code does not mention it."""

from __future__ import annotations

from contextvars import ContextVar
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.orm import Mapped, ORMExecuteState, Session, mapped_column, with_loader_criteria
from sqlalchemy.orm.interfaces import ORMOption

from shared.db import IDLE_WRITER_TIMEOUT, Id, KitBase

current_society: ContextVar[str | None] = ContextVar("current_society", default=None)


class SocietyOwned:
    """Mixin of every tenant table. The value is filled in from the current unit of work."""

    society_id: Mapped[str] = mapped_column(Id, default=current_society.get, index=True, sort_order=-1)


class SocietyRow(KitBase):
    """A service's local copy of a society's public data (members, the owner, writes it first)."""

    __tablename__ = "societies"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    revision: Mapped[int]
    slug: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    name_en: Mapped[str]
    zone: Mapped[str]
    fiscal_year_starts: Mapped[int]
    email: Mapped[str] = mapped_column(default="")
    address: Mapped[str] = mapped_column(default="")
    phone: Mapped[str] = mapped_column(default="")
    registration_number: Mapped[str | None]
    registered_from: Mapped[date | None]
    suspended: Mapped[bool] = mapped_column(default=False, server_default=sa.false())

    @property
    def tz(self) -> ZoneInfo:
        return ZoneInfo(self.zone)


class CrossesSocieties(Exception):
    """A row of another society was about to be written: a defect, never a user's mistake."""


_ENTER_TO_READ = sa.text("SELECT set_config('tsudoi.society', :society, true)")
_ENTER = sa.text(
    "SELECT set_config('tsudoi.society', :society, true),"
    f" set_config('idle_in_transaction_session_timeout', '{IDLE_WRITER_TIMEOUT}', true)"
)


def enter(session: Session, society: str | None) -> None:
    """Bind a session, which is one transaction, to a society; None: it sees no tenant rows at all."""
    if "society" in session.info and session.info["society"] == society:
        return
    session.info["society"] = society
    session.info.pop("society_filter", None)
    connection = session.connection()
    if connection.dialect.name == "postgresql":
        reads = connection.get_execution_options().get("tsudoi_read_only")
        connection.execute(_ENTER_TO_READ if reads else _ENTER, {"society": society or ""})


@event.listens_for(Session, "do_orm_execute")
def _filter(state: ORMExecuteState) -> None:
    if state.is_column_load or state.is_relationship_load or "society" not in state.session.info:
        return
    info = state.session.info
    if "society_filter" not in info:  # made by the first query of a transaction; who only inserts needs none
        info["society_filter"] = _only(info["society"])
    state.statement = state.statement.options(info["society_filter"])


def _only(society: Any) -> ORMOption:
    """What is added to every query; made once for all queries of a transaction."""
    if society is None:
        return with_loader_criteria(SocietyOwned, lambda cls: sa.false(), include_aliases=True)
    return with_loader_criteria(SocietyOwned, lambda cls: cls.society_id == society, include_aliases=True)


@event.listens_for(Session, "before_flush")
def _check(session: Session, _context: object, _instances: object) -> None:
    society = session.info.get("society")
    for row in (*session.new, *session.dirty, *session.deleted):
        if isinstance(row, SocietyOwned) and (row.society_id or society) != society:
            raise CrossesSocieties(type(row).__name__)
