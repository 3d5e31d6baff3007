"""The sandbox provider without its HTTP: the same books and the same adapter, called directly; answers and questions
may get lost, and its notices come when the test says so: late, twice, in any order."""

from __future__ import annotations

import hashlib
import hmac
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from services.payments.asking import try_notice
from services.payments.errors import ProviderRefused, ProviderSilent
from services.payments.notices import store_notice
from services.payments.providers.sandbox import SIGNATURE, SandboxProvider
from services.payments.sandbox import charges
from services.payments.sandbox.store import ChargeRow, DeliveryRow, EventRow, Store
from shared import clock
from shared.identity import Actor
from shared.service import RunningService

SECRET = "the-till-of-the-model"
MOODS = ("answers", "deaf", "dumb")  # deaf: the question is lost; dumb: the answer is
HAPS = ("pay", "pay", "scan", "withdraw", "fail", "pay though over")


class Till(SandboxProvider):
    """Provider and adapter in one; `mood` is for one call."""

    def __init__(self, home: Path) -> None:
        super().__init__("http://till.example/sandbox", [SECRET], "http://tsudoi.example")
        self._home = home
        self.mood = "answers"
        self.store = Store(home)

    def close(self) -> None:
        self.store.close()

    def _call(self, verb: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        mood, self.mood = self.mood, "answers"
        if mood == "deaf":
            raise ProviderSilent
        try:
            with self.store.session() as session:
                answer = self._answer(session, verb, path, body)
        except charges.Refused as error:
            raise ProviderRefused(reason=str(error)) from error
        if mood == "dumb":
            raise ProviderSilent
        return answer

    @staticmethod
    def _answer(session: Any, verb: str, path: str, body: dict[str, Any] | None) -> dict[str, Any]:
        if body is not None:
            return charges.public(charges.create_charge(session, body, "http://till.example"))
        charge = charges.get(session, path.split("/")[3])
        if verb == "POST":
            charges.cancel_charge(session, charge)
        return charges.public(charge)

    # payers at the till

    def charges(self) -> list[ChargeRow]:
        """Oldest first."""
        with self.store.session() as session:
            statement = sa.select(ChargeRow).where(ChargeRow.method != "bank_transfer")
            return list(session.scalars(statement.order_by(ChargeRow.created_at)))

    def happen(self, charge_id: str, what: str) -> None:
        """`pay`, `scan`, `withdraw`, `fail`, `pay though over`; what is not possible just now happens to nobody."""
        with self.store.session() as session:
            charge = charges.get(session, charge_id)
            try:
                if what == "withdraw":
                    charges.withdraw_scan(session, charge)
                elif what == "fail" and charge.method == "card" and charge.state == "waiting":
                    charges.change(session, charge, "failed", state="failed", failure="declined")
                elif what == "scan" and charge.method == "konbini":
                    charges.pay_charge(session, charge, final=False)
                elif what == "pay though over" and charge.method == "konbini":
                    charges.pay_charge(session, charge, though_over=True)
                elif what == "pay":
                    charges.pay_charge(session, charge)
            except charges.Refused:
                return

    def end_scans(self) -> None:
        """Everybody who stood at a till has walked away."""
        for charge in self.charges():
            if charge.provisional:
                self.happen(charge.id, "withdraw")

    def close_overdue(self) -> None:
        with self.store.session() as session:
            charges.expire_charges(session)

    # notices

    def owed(self) -> list[int]:
        """Numbers of the notices that were not delivered yet, oldest first."""
        with self.store.session() as session:
            open_ones = sa.select(DeliveryRow.id).where(DeliveryRow.state == "open")
            return list(session.scalars(open_ones.order_by(DeliveryRow.id)))

    def told(self) -> list[int]:
        with self.store.session() as session:
            return list(session.scalars(sa.select(DeliveryRow.id).order_by(DeliveryRow.id)))

    def notify(self, running: RunningService, society: str, number: int, *, answer_lost: bool = False) -> None:
        """Send one notice, as the page that takes it would take it."""
        with self.store.session() as session:
            delivery = session.get_one(DeliveryRow, number)
            text = session.get_one(EventRow, delivery.event_id).body
        self.verify({SIGNATURE: _sign(text.encode())}, text.encode())
        notice = self.read_notice(text)
        with running.unit(society, actor=Actor(kind="provider", name=self.name)) as uow:
            notice_id = store_notice(uow, self.name, notice, text)
        try_notice(running, self, society, notice_id)
        with self.store.session() if not answer_lost else nullcontext() as books:
            if books is not None:
                books.get_one(DeliveryRow, number).state = "done"


def _sign(body: bytes) -> str:
    time = int(clock.now().timestamp())
    signature = hmac.new(SECRET.encode(), f"{time}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={time},v1={signature}"
