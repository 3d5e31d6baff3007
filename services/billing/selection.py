"""Who a billing run asks for how much, and who it leaves out and why (B3, B4, I5).

One SQL expression decides; the preview counts with it and the run creates by it, so that they cannot differ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import sqlalchemy as sa

from services.billing import fees
from services.billing.models import InvoiceKind, InvoiceRow, InvoiceState, Outcome, Reason, RunRow
from shared.people import PersonRow
from shared.uow import UnitOfWork

NOT_ADMITTED = ("applying",)
GONE = ("left", "expelled", "withdrawn_application")
MEMBERS = ("individual", "corporate")  # contacts and guests pay no dues: they are not even left out


class Judged(NamedTuple):
    """A member and what is decided about them."""

    person_id: str
    category: str | None
    reason: str | None


@dataclass(frozen=True)
class CategoryCount:
    """One line of the preview."""

    category: str | None
    name: str
    name_en: str
    fee: int | None
    members: int
    total: int

    def name_in(self, language: str) -> str:
        return (
            (self.name_en or self.name or self.category or "")
            if language == "en"
            else (self.name or self.category or "")
        )


@dataclass(frozen=True)
class Preview:
    """What a run would do now."""

    asked: Sequence[CategoryCount] = ()  # zero-yen categories among them (入金不要)
    left_out: Mapping[Reason, int] = field(default_factory=dict)

    @property
    def invoices(self) -> int:
        return sum(line.members for line in self.asked)

    @property
    def total(self) -> int:
        return sum(line.total for line in self.asked)

    @property
    def people(self) -> int:
        return self.invoices + sum(self.left_out.values())


def reason_left_out(run: RunRow, schedule: Mapping[str, Any]) -> sa.ColumnElement[str | None]:
    """Why a member (PersonRow) is left out; NULL for those who get an invoice. The first that fits is told."""
    p, other, alias = PersonRow, sa.orm.aliased(InvoiceRow), sa.orm.aliased(PersonRow)
    live = sa.and_(
        other.kind == InvoiceKind.ANNUAL, other.fiscal_year == run.fiscal_year, other.state != InvoiceState.CANCELLED
    )
    own = sa.select(sa.literal(1)).select_from(other).where(other.payer_id == p.id, live)
    of_alias = sa.select(sa.literal(1)).select_from(alias).join(other, other.payer_id == alias.id)
    has_invoice = sa.or_(own.exists(), of_alias.where(alias.merged_into == p.id, live).exists())
    rules: list[tuple[sa.ColumnElement[bool], Reason]] = [
        (p.standing.in_(GONE), Reason.LEFT),
        (p.standing.in_(NOT_ADMITTED), Reason.NOT_ADMITTED),
        (p.leaves_on < run.charge_start, Reason.LEAVES_BEFORE),
        (p.category.is_(None), Reason.NO_CATEGORY),
        (p.category.in_(run.excluded), Reason.EXCLUDED),
        (p.category.not_in(sorted(schedule)), Reason.NO_FEE),
        (has_invoice, Reason.HAS_INVOICE),
    ]
    if not run.include_on_leave:
        rules.insert(2, (p.standing == "on_leave", Reason.ON_LEAVE))
    return sa.case(*[(condition, sa.literal(str(reason))) for condition, reason in rules], else_=sa.null())


def preview(uow: UnitOfWork, run: RunRow) -> Preview:
    """Counts and sums by category, and how many are left out for which reason."""
    schedule = run.fees if run.fees is not None else fees.snapshot(uow, run.fiscal_year)
    p = PersonRow
    members = (
        sa.select(p.category, p.category_name, p.category_name_en, reason_left_out(run, schedule).label("reason"))
        .where(p.kind.in_(MEMBERS))
        .subquery()
    )
    c, count = members.c, sa.func.count()
    statement = sa.select(
        c.category, c.reason, count, sa.func.max(c.category_name), sa.func.max(c.category_name_en)
    ).group_by(c.category, c.reason)
    asked: list[CategoryCount] = []
    left_out: dict[Reason, int] = {}
    for category, why, number, name, name_en in uow.session.execute(statement):
        if why is None:
            fee = schedule[category]["annual_fee"]
            asked.append(CategoryCount(category, name, name_en, fee, number, fee * number))
        else:
            left_out[Reason(why)] = left_out.get(Reason(why), 0) + number
    asked.sort(key=lambda line: (-line.total, line.category or ""))
    return Preview(asked, dict(sorted(left_out.items(), key=lambda item: -item[1])))


def members_after(uow: UnitOfWork, run: RunRow, after: str | None, limit: int) -> Sequence[Judged]:
    """The next members by id, each with the reason to leave them out."""
    p = PersonRow
    statement = (
        sa.select(p.id, p.category, reason_left_out(run, run.fees or {}).label("reason"))
        .where(p.kind.in_(MEMBERS))
        .order_by(p.id)
        .limit(limit)
    )
    found = uow.session.execute(statement if after is None else statement.where(p.id > after))
    return [Judged(*row) for row in found]


def count_members(uow: UnitOfWork) -> int:
    statement = sa.select(sa.func.count()).select_from(PersonRow).where(PersonRow.kind.in_(MEMBERS))
    return uow.session.scalar(statement) or 0


def outcome_of(amount: int) -> Outcome:
    """B3: a zero-yen category gets an invoice too, with nothing due."""
    return Outcome.INVOICED if amount else Outcome.NOTHING_DUE
