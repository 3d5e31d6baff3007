"""Tables of events: events with their seats, registrations."""

from __future__ import annotations

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from shared import clock
from shared.db import NAMING, Id, Json, UtcDateTime
from shared.ids import new_id
from shared.messages.events import Event, Registration
from shared.society import SocietyOwned

LIVE_SQL = "state <> 'cancelled'"


class Base(DeclarativeBase):
    metadata = sa.MetaData(naming_convention=NAMING)


class EventRow(SocietyOwned, Base):
    """An event イベント. `taken` counts the seats of placed and confirmed registrations; only `seats` changes it.

    Three switches (E2): `published` 公開 shows its page, `registration_open` 受付中 takes registrations, `on_my_page`
    lists it to members."""

    __tablename__ = "events"
    __table_args__ = (
        sa.CheckConstraint("taken >= 0", name="taken_not_negative"),
        sa.CheckConstraint("capacity IS NULL OR taken <= capacity", name="never_one_seat_too_many"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    revision: Mapped[int] = mapped_column(default=0)
    title: Mapped[str]
    title_en: Mapped[str] = mapped_column(default="")
    venue: Mapped[str] = mapped_column(default="")
    venue_en: Mapped[str] = mapped_column(default="")
    description: Mapped[str] = mapped_column(sa.Text, default="")
    description_en: Mapped[str] = mapped_column(sa.Text, default="")
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    capacity: Mapped[int | None]  # None: no limit
    taken: Mapped[int] = mapped_column(default=0)
    fee: Mapped[int] = mapped_column(default=0)  # yen, tax included
    tax_class: Mapped[str] = mapped_column(default="standard")
    registration_until: Mapped[date]  # inclusive, up to 24:00
    methods: Mapped[list[str]] = mapped_column(Json, default=list)  # of payment; empty: all that the society offers
    published: Mapped[bool] = mapped_column(default=False)
    registration_open: Mapped[bool] = mapped_column(default=False)
    on_my_page: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)

    @property
    def is_full(self) -> bool:
        return self.capacity is not None and self.taken >= self.capacity

    def title_in(self, language: str) -> str:
        return (self.title_en or self.title) if language == "en" else self.title

    def venue_in(self, language: str) -> str:
        return (self.venue_en or self.venue) if language == "en" else self.venue

    def description_in(self, language: str) -> str:
        return (self.description_en or self.description) if language == "en" else self.description

    def public(self) -> Event:
        return Event(
            id=self.id,
            revision=self.revision,
            title=self.title,
            title_en=self.title_en,
            starts_on=self.starts_on,
            ends_on=self.ends_on,
            venue=self.venue,
            venue_en=self.venue_en,
        )


class RegistrationRow(SocietyOwned, Base):
    """A registration 参加登録: placed (holds a seat, to be paid) → confirmed; cancelled 参加登録取消 from either."""

    __tablename__ = "registrations"
    __table_args__ = (
        sa.Index(
            "uq_registrations_live",
            "event_id",
            "person_id",
            unique=True,
            postgresql_where=sa.text(LIVE_SQL),
            sqlite_where=sa.text(LIVE_SQL),
        ),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    revision: Mapped[int] = mapped_column(default=0)
    event_id: Mapped[str] = mapped_column(Id, sa.ForeignKey("events.id"), index=True)
    person_id: Mapped[str] = mapped_column(Id, index=True)
    state: Mapped[str]
    fee: Mapped[int]
    tax_class: Mapped[str]
    pay_until: Mapped[date | None]
    invoice_id: Mapped[str | None] = mapped_column(Id, index=True)
    invoice_number: Mapped[str] = mapped_column(default="")
    invoice_revision: Mapped[int] = mapped_column(default=0)
    invoice_state: Mapped[str] = mapped_column(default="")  # as billing says; empty: no invoice known
    paid: Mapped[int] = mapped_column(default=0)
    placed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    confirmed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    cancelled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    @property
    def is_live(self) -> bool:
        return self.state != "cancelled"

    @property
    def is_to_be_paid(self) -> bool:
        """Is there something that the person should pay now?"""
        return self.state == "placed" and self.invoice_id is not None and self.invoice_state in ("unpaid", "part_paid")

    def public(self, event: EventRow) -> Registration:
        return Registration(
            id=self.id,
            revision=self.revision,
            event_id=self.event_id,
            event_title=event.title,
            event_title_en=event.title_en,
            person_id=self.person_id,
            state=self.state,
            fee=self.fee,
            tax_class=self.tax_class,
            pay_until=self.pay_until,
            methods=tuple(event.methods),
        )
