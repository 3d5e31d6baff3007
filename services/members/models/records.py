"""History records 履歴情報 of members: what they attended, were awarded, or held as a post; their kinds, how long they
are kept, and rows of a file on their way in."""

from __future__ import annotations

from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from services.members.models.base import Base
from services.members.models.keeping import KeptFor
from shared.db import Id
from shared.ids import new_id
from shared.society import SocietyOwned


class RecordKindRow(SocietyOwned, Base):
    """A kind of records 履歴種別 that the society defines. Files and pages know it by its names."""

    __tablename__ = "record_kinds"
    __table_args__ = (sa.UniqueConstraint("society_id", "name"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    name: Mapped[str]
    name_en: Mapped[str]
    ordinal: Mapped[int]

    def name_in(self, language: str) -> str:
        return self.name_en if language == "en" else self.name


class RecordRow(SocietyOwned, Base):
    """One record. Member, kind, title and days tell it from all others; a single day ends when it starts."""

    __tablename__ = "records"
    __table_args__ = (
        sa.UniqueConstraint("member_id", "kind_id", "starts_on", "ends_on", "title"),
        sa.Index("ix_records_society_id_starts_on", "society_id", "starts_on"),
        sa.Index("ix_records_society_id_registered_on", "society_id", "registered_on"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    member_id: Mapped[str] = mapped_column(sa.ForeignKey("members.id"))
    kind_id: Mapped[str] = mapped_column(sa.ForeignKey("record_kinds.id"), index=True)
    title: Mapped[str]
    title_en: Mapped[str] = mapped_column(default="")
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    public: Mapped[bool] = mapped_column(default=False)  # on the member's My Page
    note: Mapped[str] = mapped_column(sa.Text, default="")  # for the office; members never see it
    search: Mapped[str] = mapped_column(sa.Text)  # folded, see search.py
    source: Mapped[str]  # hand | import
    registered_on: Mapped[date]  # from here its time counts, whatever is changed later
    registered_by: Mapped[str]
    revision: Mapped[int] = mapped_column(default=1)

    def title_in(self, language: str) -> str:
        return (self.title_en or self.title) if language == "en" else self.title


class RecordKeepingRow(KeptFor, Base):
    """How long a society keeps its records."""

    __tablename__ = "record_keeping"


class StagedRecordRow(SocietyOwned, Base):
    """One row of a file of records as the record that it will become, or that it removes. What is faulty may lack
    anything."""

    __tablename__ = "staged_records"
    __table_args__ = (
        sa.UniqueConstraint("roster_id", "row"),
        sa.Index("ix_staged_records_roster_id_member_id", "roster_id", "member_id"),
        sa.Index("ix_staged_records_roster_id_record_id", "roster_id", "record_id"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    roster_id: Mapped[str] = mapped_column(sa.ForeignKey("rosters.id"))
    row: Mapped[int]
    action: Mapped[str]  # new | changed | removed | same | faulty
    record_id: Mapped[str | None] = mapped_column(Id)  # of a new record: the id that it will have
    base_revision: Mapped[int | None]  # of the record when the row was compared with it
    member_id: Mapped[str | None] = mapped_column(Id)
    kind_id: Mapped[str | None] = mapped_column(Id)
    title: Mapped[str | None]
    title_en: Mapped[str | None]
    starts_on: Mapped[date | None]
    ends_on: Mapped[date | None]
    public: Mapped[bool | None]
    note: Mapped[str | None] = mapped_column(sa.Text)
    search: Mapped[str | None] = mapped_column(sa.Text)
