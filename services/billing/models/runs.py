"""Billing runs 請求作成 and, per member, what became of each (rule B2)."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from services.billing.models.base import Base
from shared import clock
from shared.db import Id
from shared.ids import new_id
from shared.society import SocietyOwned, current_society


class RunState(StrEnum):
    PLANNED = "planned"  # 条件設定中: conditions and preview, nothing made
    CREATING = "creating"  # 作成中
    CREATED = "created"  # 確定待ち: drafts to look at
    CONFIRMING = "confirming"  # 確定処理中
    CONFIRMED = "confirmed"  # 確定済
    CANCELLING = "cancelling"  # 取消処理中
    CANCELLED = "cancelled"  # 取消


class Outcome(StrEnum):
    INVOICED = "invoiced"  # 請求
    NOTHING_DUE = "nothing_due"  # 入金不要
    LEFT_OUT = "left_out"  # 対象外


class Reason(StrEnum):
    """Why a member is left out."""

    NOT_ADMITTED = "not_admitted"  # 入会前
    ON_LEAVE = "on_leave"  # 休会中
    LEFT = "left"  # 退会・除名・申請取下
    LEAVES_BEFORE = "leaves_before"  # 請求引当開始月より前に退会 (B4)
    NO_CATEGORY = "no_category"  # 会員種別なし
    EXCLUDED = "excluded"  # 対象外の会員種別 (B3)
    NO_FEE = "no_fee"  # 会費未設定
    HAS_INVOICE = "has_invoice"  # 同年度の請求あり (I5)


class RunRow(SocietyOwned, Base):
    """One run over the members of a society for one fiscal year."""

    __tablename__ = "runs"

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    name: Mapped[str]
    name_en: Mapped[str]
    fiscal_year: Mapped[int]
    charge_start: Mapped[date]  # first day of the charge start month 請求引当開始月
    due_on: Mapped[date]
    conditions: Mapped[dict[str, Any]]  # excluded_categories, include_on_leave
    fees: Mapped[dict[str, Any] | None]  # the schedule as it was when creation began: later edits change nothing here
    state: Mapped[str] = mapped_column(default=RunState.PLANNED)
    job_id: Mapped[str | None] = mapped_column(Id)  # of the long work that is or was last done on it
    invoiced: Mapped[int] = mapped_column(default=0)
    nothing_due: Mapped[int] = mapped_column(default=0)
    left_out: Mapped[int] = mapped_column(default=0)
    total: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    issued_on: Mapped[date | None]
    created_by: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    confirmed_at: Mapped[datetime | None]

    @property
    def excluded(self) -> list[str]:
        return list(self.conditions.get("excluded_categories", ()))

    @property
    def include_on_leave(self) -> bool:
        return bool(self.conditions.get("include_on_leave", False))

    @property
    def is_busy(self) -> bool:
        return self.state in (RunState.CREATING, RunState.CONFIRMING, RunState.CANCELLING)


class RunResultRow(SocietyOwned, Base):
    """What one run decided for one member; the key makes a second decision impossible."""

    __tablename__ = "run_results"

    society_id: Mapped[str] = mapped_column(Id, default=current_society.get, sort_order=-1)  # asked for by run only
    run_id: Mapped[str] = mapped_column(Id, primary_key=True)
    person_id: Mapped[str] = mapped_column(Id, primary_key=True)
    outcome: Mapped[str]
    reason: Mapped[str | None]
    category: Mapped[str | None]
    amount: Mapped[int] = mapped_column(sa.BigInteger)
    invoice_id: Mapped[str | None] = mapped_column(Id)
