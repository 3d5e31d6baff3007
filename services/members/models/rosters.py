"""Rosters and other files on their way in: the uploaded file, its rows as they would become members, and what is wrong
with them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from services.members.models.base import Base
from services.members.models.people import PersonFields
from shared.db import Id, Json, UtcDateTime
from shared.ids import new_id
from shared.society import SocietyOwned


class RosterRow(SocietyOwned, Base):
    """An uploaded roster 会員名簿, or file of history records 履歴情報."""

    __tablename__ = "rosters"

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    holds: Mapped[str] = mapped_column(default="members", server_default="members")  # members | records
    # of members: add | change | both; of records: add | change | remove. Files of an older release have none: both
    mode: Mapped[str] = mapped_column(default="both", server_default="")
    state: Mapped[str] = mapped_column(default="checking")  # checking | checked | importing | imported | discarded
    file_name: Mapped[str]
    size: Mapped[int]
    uploaded_at: Mapped[datetime] = mapped_column(UtcDateTime)
    uploaded_by: Mapped[str]
    job_id: Mapped[str] = mapped_column(Id)
    rows: Mapped[int] = mapped_column(default=0)
    new: Mapped[int] = mapped_column(default=0)
    changed: Mapped[int] = mapped_column(default=0)
    removed: Mapped[int] = mapped_column(default=0, server_default="0")
    same: Mapped[int] = mapped_column(default=0)
    faults: Mapped[int] = mapped_column(default=0)
    custom: Mapped[list[str]] = mapped_column(Json, default=list)  # headers that no field has: kept as texts
    differing: Mapped[dict[str, int]] = mapped_column(Json, default=dict, server_default="{}")  # rows, by field
    imported_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    @property
    def can_be_imported(self) -> bool:
        return self.state == "checked" and not self.faults and bool(self.new or self.changed or self.removed)


class RosterPartRow(SocietyOwned, Base):
    """A piece of the uploaded file: in the database, so that any worker can read it."""

    __tablename__ = "roster_parts"
    __table_args__ = (sa.UniqueConstraint("roster_id", "ordinal"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    roster_id: Mapped[str] = mapped_column(sa.ForeignKey("rosters.id"))
    ordinal: Mapped[int]
    data: Mapped[bytes]


class StagedRow(PersonFields, SocietyOwned, Base):
    """One row of a roster as the member that it will become."""

    __tablename__ = "staged_members"
    __table_args__ = (
        sa.UniqueConstraint("roster_id", "row"),
        sa.Index("ix_staged_members_roster_id_number", "roster_id", "number"),
        sa.Index("ix_staged_members_roster_id_email", "roster_id", "email"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    roster_id: Mapped[str] = mapped_column(sa.ForeignKey("rosters.id"))
    row: Mapped[int]
    action: Mapped[str]  # new | changed | same | faulty
    member_id: Mapped[str] = mapped_column(Id)  # of a new member: the id that it will have
    base_revision: Mapped[int]  # of the member when the row was compared with it; 0: new
    differs: Mapped[str] = mapped_column(sa.Text, default="", server_default="")  # the fields, see differences.py


class RosterFaultRow(SocietyOwned, Base):
    """One thing that is wrong with a roster."""

    __tablename__ = "roster_faults"
    __table_args__ = (sa.UniqueConstraint("roster_id", "ordinal"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    roster_id: Mapped[str] = mapped_column(sa.ForeignKey("rosters.id"))
    ordinal: Mapped[int]
    row: Mapped[int]  # 0: the file as a whole
    column: Mapped[str]
    text: Mapped[str]
    params: Mapped[dict[str, Any]] = mapped_column(Json)
