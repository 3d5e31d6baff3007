"""A society's billing office for tests: a running service, a society with members, and short ways to its surfaces."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from services.billing import fees, runs
from services.billing.models import InvoiceRow, RunRow
from services.billing.service import SERVICE
from shared import clock, jobs
from shared.bus import inbox, retry
from shared.identity import Role, make_keys
from shared.ids import new_id
from shared.messages import CONTRACTS, Message
from shared.messages.members import Person, PersonChanged, Society, SocietyChanged
from shared.messages.payments import Payment, PaymentReceived, PaymentReversed
from shared.migrations import migrate
from shared.outbox import OutboxRow
from shared.service import RunningService
from shared.settings import Settings
from shared.web.access import TOKEN_COOKIE
from shared.web.app import create_app
from tests.envelopes import envelope
from tests.tokens import token_of

Said = TypeVar("Said", bound=Message)
YEAR = 2026
START = date(2026, 4, 1)
DUE = date(2026, 6, 30)
FEES = {"regular": 10_000, "student": 3_000, "honorary": 0}


@dataclass
class Office:
    running: RunningService
    keys: Path
    society: str = field(default_factory=new_id)
    people: list[str] = field(default_factory=list)

    @cached_property
    def app(self) -> Flask:
        return create_app(self.running)

    # messages

    def hear(self, *messages: Message, society: str | None = None, again: bool = False) -> None:
        """Messages from other services arrive (twice, if wished: with the same envelope)."""
        letters = [envelope(message, society or self.society) for message in messages]
        inbox.receive(self.running, letters)
        if again:
            inbox.receive(self.running, letters)

    def said(self, contract: type[Said]) -> list[Said]:
        """All messages of a type in the outbox, oldest first."""
        return [message for message in self.said_at_all() if isinstance(message, contract)]

    def said_at_all(self) -> list[Message]:
        with self.running.session(reading=True) as session:
            rows = session.scalars(sa.select(OutboxRow).order_by(OutboxRow.said_at, OutboxRow.id)).all()
            return [msgspec.json.decode(row.payload, type=CONTRACTS[row.type]) for row in rows]

    def waiting(self) -> list[str]:
        """States of messages that were not handled."""
        with self.running.session(reading=True) as session:
            return list(session.scalars(sa.select(inbox.InboxRow.state).where(inbox.InboxRow.state != "handled")))

    def try_again(self) -> None:
        """An hour later, what waits is handled again."""
        with clock.travel(by=timedelta(hours=1)):
            retry.work_off(self.running)

    def open_society(self, **values: Any) -> None:
        known: dict[str, Any] = {"id": self.society, "revision": 1, "slug": self.society[-8:], "name": "集い学会"}
        known |= {"name_en": "Tsudoi Society", "address": "東京都文京区本郷1-1-1", "email": "office@example.org"}
        self.hear(SocietyChanged(society=Society(**{**known, **values})))

    def add_person(self, **values: Any) -> str:
        return self.add_people([values])[0]

    def add_people(self, people: Sequence[dict[str, Any]]) -> list[str]:
        ids = sorted(new_id() for _ in people)
        made = [
            person(**{"id": id, "number": f"{len(self.people) + place + 1:06d}", **values})
            for place, (id, values) in enumerate(zip(ids, people, strict=True))
        ]
        self.hear(*[PersonChanged(person=each) for each in made])
        self.people += [each.id for each in made]
        return [each.id for each in made]

    def pay(self, invoice: str | None, amount: int, *, payer: str | None = None, again: bool = False) -> Payment:
        payment = make_payment(invoice, amount, payer)
        self.hear(PaymentReceived(payment=payment), again=again)
        return payment

    def take_back(self, payment: Payment) -> None:
        self.hear(PaymentReversed(payment=payment, reason="wrong entry"))

    # runs

    def set_fees(self, year: int = YEAR, **amounts: int) -> None:
        with self.running.unit(self.society) as uow:
            for category, amount in (amounts or FEES).items():
                fees.set_fee(uow, category=category, fiscal_year=year, annual_fee=amount, title=f"年会費（{category}）")

    def plan(self, **conditions: Any) -> str:
        known: dict[str, Any] = {"name": "2026年度年会費", "name_en": "Dues 2026", "fiscal_year": YEAR}
        known |= {"charge_start": START, "due_on": DUE}
        with self.running.unit(self.society) as uow:
            return runs.plan_run(uow, **{**known, **conditions}).id

    def create(self, **conditions: Any) -> str:
        run = self.plan(**conditions)
        with self.running.unit(self.society) as uow:
            runs.start_run(uow, run)
        self.work()
        return run

    def confirm(self, run: str) -> None:
        with self.running.unit(self.society) as uow:
            runs.confirm_run(uow, run)
        self.work()

    def bill(self, **conditions: Any) -> str:
        run = self.create(**conditions)
        self.confirm(run)
        return run

    def work(self) -> None:
        while jobs.run_next(self.running):
            pass

    def run(self, id: str) -> RunRow:
        with self.running.unit(self.society, reading=True) as uow:
            return uow.get(RunRow, id)

    def invoices(self, **wanted: Any) -> list[InvoiceRow]:
        with self.running.unit(self.society, reading=True) as uow:
            return list(uow.session.scalars(sa.select(InvoiceRow).filter_by(**wanted).order_by(InvoiceRow.payer_id)))

    def all(self, model: type[Any], **wanted: Any) -> list[Any]:
        with self.running.unit(self.society, reading=True) as uow:
            return list(uow.session.scalars(sa.select(model).filter_by(**wanted)))

    def scalar(self, statement: str) -> Any:
        """Plain SQL within the society, as an auditor would ask."""
        with self.running.unit(self.society, reading=True) as uow:
            return uow.session.execute(sa.text(statement)).scalar()

    # people at the browser

    def visitor(
        self, *roles: Role, person: str | None = None, language: str = "ja", society: str | None = None
    ) -> Visitor:
        client = self.app.test_client()
        if roles:
            client.set_cookie(TOKEN_COOKIE, self.token(*roles, person=person, language=language, society=society))
        return Visitor(client)

    def token(self, *roles: Role, person: str | None = None, language: str = "ja", society: str | None = None) -> str:
        private, _public = make_keys(self.keys)
        return token_of(
            private.read_bytes(),
            *roles,
            society=society or self.society,
            person=person,
            name="事務 花子",
            language=language,
        )

    def staff(self, *roles: Role, language: str = "ja") -> Visitor:
        return self.visitor(*(roles or (Role.ACCOUNTING,)), language=language)

    def member(self, person: str, language: str = "ja") -> Visitor:
        return self.visitor(Role.MEMBER, person=person, language=language)


@dataclass
class Visitor:
    """A browser that keeps its CSRF token."""

    client: FlaskClient

    def get(self, path: str, **options: Any) -> Any:
        return self.client.get(path, **options)

    def post(self, path: str, data: dict[str, Any] | None = None) -> Any:
        """A form of a page, with its CSRF token."""
        return self.client.post(path, data=data or {}, headers={"X-CSRFToken": self._token()})

    def send(self, method: str, path: str, json: Any = None) -> Any:
        """A call of the API."""
        return self.client.open(path, method=method, json=json, headers={"X-CSRFToken": self._token()})

    def _token(self) -> str:
        page = next(
            page for page in map(self.get, ("/billing/console/", "/billing/my/invoices")) if page.status_code == 200
        )
        found = re.search(r'"X-CSRFToken": ?"([^"]+)"', page.text)
        assert found
        return found[1]


def person(**values: Any) -> Person:
    known: dict[str, Any] = {"id": new_id(), "revision": 1, "kind": "individual", "name": "髙橋 花子"}
    known |= {
        "roman": "Hanako TAKAHASHI",
        "category": "regular",
        "category_name": "正会員",
        "category_name_en": "Regular",
    }
    return Person(**{**known, **values})


def make_payment(invoice: str | None, amount: int, payer: str | None = None, **values: Any) -> Payment:
    known: dict[str, Any] = {"id": new_id(), "revision": 1, "method": "card", "received_on": date(2026, 5, 1)}
    known |= {"received_at": datetime(2026, 5, 1, tzinfo=UTC)}
    return Payment(amount=amount, invoice_id=invoice, payer_id=payer, **{**known, **values})


def start(database: str, folder: Path, *, owner: str | None = None, migrated: bool = False) -> Office:
    """An office on an empty database."""
    if not migrated:
        migrate(SERVICE, owner or database)
    _private, public = make_keys(folder / "keys")
    settings = Settings(service="billing", database=database, secret="x" * 40, token_public=public, home=folder)
    office = Office(SERVICE.start(settings), folder / "keys")
    office.open_society()
    return office
