"""Contacts 連絡者 of corporate members 法人会員, and whether they have a My Page."""

from __future__ import annotations

from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from services.members.models.base import Base
from shared.db import Id
from shared.society import SocietyOwned, current_society

IS_MAIN = sa.text("main")


class ContactRow(SocietyOwned, Base):
    """Who speaks for a corporate member: a person of kind `contact`, of which this is the other half."""

    __tablename__ = "contacts"
    __table_args__ = (
        sa.Index("uq_contacts_main", "corporation_id", unique=True, postgresql_where=IS_MAIN, sqlite_where=IS_MAIN),
        sa.Index("ix_contacts_society_id_ends_on", "society_id", "ends_on"),
    )

    id: Mapped[str] = mapped_column(sa.ForeignKey("members.id"), primary_key=True)  # the person's
    corporation_id: Mapped[str] = mapped_column(sa.ForeignKey("members.id"), index=True)
    duty: Mapped[str]  # of corporations.contacts.DUTIES
    main: Mapped[bool] = mapped_column(default=False)  # 主たる連絡者: gets the letters of the corporate member
    ends_on: Mapped[date | None]  # from this day on they are no contact any more


class CorporateSettingsRow(SocietyOwned, Base):
    """What a society says of its corporate members; without a row, nothing."""

    __tablename__ = "corporate_settings"

    society_id: Mapped[str] = mapped_column(Id, primary_key=True, default=current_society.get)
    my_page: Mapped[bool] = mapped_column(default=False)  # contacts log in to the corporate My Page 法人マイページ
