"""Whatever payments, reversals and cancellations come in whatever order: the books agree with a tiny model (I3, I6)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.billing import allocation, invoices
from services.billing.models import CreditRow
from shared.errors import TsudoiError
from shared.ids import new_id
from shared.messages.payments import Payment
from tests.unit.billing import office as offices
from tests.unit.billing.invariants import check
from tests.unit.billing.office import Office

Steps = st.lists(
    st.one_of(
        st.tuples(st.just("pay"), st.sampled_from([0, 1, None]), st.integers(1, 15_000)),
        st.tuples(st.just("take back"), st.integers(0, 9), st.none()),
        st.tuples(st.just("cancel"), st.sampled_from([0, 1]), st.none()),
        st.tuples(st.just("use credit"), st.sampled_from([0, 1]), st.none()),
    ),
    max_size=10,
)


@dataclass
class Model:
    """Two invoices of one payer; money by payment and invoice."""

    totals: tuple[int, int] = (10_000, 3_000)
    cancelled: set[int] = field(default_factory=set)
    payments: list[int] = field(default_factory=list)
    applied: dict[tuple[int, int], int] = field(default_factory=dict)

    def paid(self, invoice: int) -> int:
        return sum(amount for (_payment, of), amount in self.applied.items() if of == invoice)

    def left(self, payment: int) -> int:
        return self.payments[payment] - sum(amount for (of, _), amount in self.applied.items() if of == payment)

    @property
    def credit(self) -> int:
        return sum(self.left(payment) for payment in range(len(self.payments)))

    def apply(self, payment: int, invoice: int) -> None:
        due = 0 if invoice in self.cancelled else self.totals[invoice] - self.paid(invoice)
        if taken := min(due, self.left(payment)):
            key = (payment, invoice)
            self.applied[key] = self.applied.get(key, 0) + taken

    def take_back(self, payment: int) -> None:
        self.payments[payment] = 0
        self.applied = {key: amount for key, amount in self.applied.items() if key[0] != payment}


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    folder: Path = tmp_path_factory.mktemp("any-order")
    opened = offices.start(f"sqlite:///{folder}/billing.db", folder)
    yield opened
    opened.running.stop()


@pytest.mark.rule("I3")
@pytest.mark.rule("I6")
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=Steps)
def test_the_books_say_what_the_model_says(office: Office, steps: list[tuple[str, int | None, int | None]]) -> None:
    model, payer, payments = Model(), office.add_person(), list[Payment]()
    ids = [issue(office, payer, total) for total in model.totals]
    for what, which, amount in steps:
        if what == "pay":
            assert amount is not None
            payments.append(office.pay(None if which is None else ids[which], amount, payer=payer))
            model.payments.append(amount)
            if which is not None:
                model.apply(len(payments) - 1, which)
        elif what == "take back" and which is not None and which < len(payments):
            office.take_back(payments[which])
            model.take_back(which)
        elif what == "cancel" and which is not None:
            if attempt(office, lambda uow, id=ids[which]: invoices.cancel_invoices(uow, [id])):
                assert not model.paid(which)
                model.cancelled.add(which)
        elif what == "use credit" and which is not None:
            attempt(office, lambda uow, id=ids[which]: allocation.use_credit(uow, id))
            for payment in range(len(payments)):
                model.apply(payment, which)
    rows = {row.id: row for row in office.invoices(payer_id=payer)}
    assert [rows[id].paid for id in ids] == [model.paid(0), model.paid(1)]
    assert {place for place, id in enumerate(ids) if rows[id].state == "cancelled"} == model.cancelled
    assert sum(row.balance for row in office.all(CreditRow, payer_id=payer)) == model.credit
    check(office)


def issue(office: Office, payer: str, total: int) -> str:
    with office.running.unit(office.society) as uow:
        made = invoices.issue_for_registration(
            uow,
            registration_id=new_id(),
            payer_id=payer,
            title="大会参加費",
            title_en="Fee",
            fee=total,
            tax_class="standard",
            due_on=None,
        )
    assert made is not None
    return made.id


def attempt(office: Office, use_case: Any) -> bool:
    try:
        with office.running.unit(office.society) as uow:
            use_case(uow)
    except TsudoiError:
        return False
    return True
