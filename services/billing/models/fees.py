"""Fee schedule 会費設定 (rule B1)."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from services.billing.models.base import Base
from shared.db import Id
from shared.ids import new_id
from shared.society import SocietyOwned


class FeeRow(SocietyOwned, Base):
    """What one category 会員種別 pays in one fiscal year 年度; yen including tax."""

    __tablename__ = "fees"
    __table_args__ = (
        sa.UniqueConstraint("society_id", "fiscal_year", "category"),
        sa.CheckConstraint("annual_fee >= 0 AND admission_fee >= 0", name="not_negative"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    category: Mapped[str]
    fiscal_year: Mapped[int]
    annual_fee: Mapped[int] = mapped_column(sa.BigInteger)
    admission_fee: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    tax_class: Mapped[str]
    title: Mapped[str]  # of the invoice line: 年会費（正会員）
    title_en: Mapped[str]
