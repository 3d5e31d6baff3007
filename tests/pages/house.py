"""Onebox in this process with the demo society, and at least one thing on every page: what people would have made in a
year, made in a few seconds."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import requests
import sqlalchemy as sa
from flask import Flask

from deploy.stack.ports import free_port
from services.__main__ import Onebox, start
from services.billing import runs
from services.billing.models import InvoiceRow, RunRow
from services.events.demo import LECTURE, MEETING
from services.members.codes import shown_code
from services.members.corporations.my_page import use_my_page
from services.members.models import AccountRow, MemberRow
from services.members.papers import verification_address
from services.members.password_links import send_link
from shared import clock
from shared.bus import inbox
from shared.demo import SOCIETY
from shared.identity import Role
from shared.ids import new_id
from shared.japan.calendar import fiscal_year_of
from shared.messages import Message
from shared.messages.members import PersonChanged
from shared.messages.notifications import LetterBounced
from shared.uow import UnitOfWork
from shared.web.app import create_app
from tests.envelopes import envelope
from tests.journeys.installations import wait_for
from tests.journeys.letters import TrialMailbox
from tests.journeys.people import MEMBER
from tests.tokens import token_of
from tests.unit.billing.office import person
from tests.unit.members.addresses import routes
from tests.unit.members.one_of_each import one_of_each
from tests.unit.payments.bank import file_of, line

OFFICE = (Role.ADMINISTRATOR, Role.AFFAIRS, Role.ACCOUNTING, Role.EVENTS, Role.READER)


@dataclass
class House:
    box: Onebox
    apps: dict[str, Flask]
    things: dict[str, str]  # of members, by kind

    @property
    def url(self) -> str:
        return self.box.url

    def token(self, *roles: Role, person: str | None = None, account: str | None = None) -> str:
        key = Path(self.box.home / "keys" / "token-private.pem").read_bytes()
        return token_of(key, *roles, society=SOCIETY, person=person, account=account, lifetime=timedelta(hours=2))

    def member_token(self) -> str:
        with self.box.services["members"].unit(SOCIETY, reading=True) as uow:
            member, account = self._member(uow)
            return self.token(Role.MEMBER, person=member.id, account=account.id)

    def _member(self, uow: UnitOfWork) -> tuple[MemberRow, AccountRow]:
        member = uow.session.scalars(sa.select(MemberRow).where(MemberRow.email == MEMBER)).one()
        return member, uow.session.scalars(sa.select(AccountRow).where(AccountRow.person_id == member.id)).one()

    def tokens(self) -> dict[str, str | None]:
        """Whose pages there are, and how each of them comes in."""
        contact = {"person": self.things["corporation"], "account": self.things["contacts_account"]}
        return {
            "nobody": None,
            "member": self.member_token(),
            "contact": self.token(Role.CONTACT, **contact),
            "office": self.token(*OFFICE, account=self.things["account"]),
            "operator": self.token(Role.OPERATOR),
        }

    def addresses(self) -> list[str]:
        """The office's pages of members, with a real thing behind each id: some are reached by a form only."""
        known = routes(self.apps["members"], self.things)
        return [route.address for route in known if route.method == "GET" and "/console/" in route.path]

    def mailed(self) -> list[str]:
        """Links that people have in letters, and in the QR codes of cards."""
        members = self.box.services["members"]
        with members.unit(SOCIETY) as uow:
            code = verification_address(self.url, shown_code(uow, members.settings.secrets, self.things["member"]))
            member, account = self._member(uow)
            send_link(uow, account, member, public_url=self.url, welcome=True)
        post, found = TrialMailbox(self.url), [code]
        for address, path in (("new@example.jp", "/members/apply/"), (MEMBER, "/members/password/")):
            found.append(wait_for(partial(_link, post, address, path), f"letter to {address}"))
        return found

    def ask(self, token: str, method: str, path: str, **options: Any) -> Any:
        answer = requests.request(
            method, self.url + path, headers={"Authorization": f"Bearer {token}"}, timeout=30, **options
        )
        assert answer.ok, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json()


@contextmanager
def open_house(home: Path) -> Iterator[House]:
    box = start(home, free_port(), demo=True)
    try:
        apps = {name: create_app(running) for name, running in box.services.items()}
        house = House(box, apps, one_of_each(box.services["members"], SOCIETY))
        with box.services["members"].unit(SOCIETY) as uow:
            use_my_page(uow, True)
        _bill(house)
        _pay(house)
        _park(house)
        yield house
    finally:
        box.stop()


def _bill(house: House) -> None:
    billing = house.box.services["billing"]
    this_year = fiscal_year_of(clock.today())
    with billing.unit(SOCIETY) as uow:
        planned = runs.plan_run(
            uow,
            name="年会費",
            fiscal_year=this_year,
            charge_start=date(this_year, 4, 1),
            due_on=date(this_year + 1, 3, 31),
        ).id
        runs.plan_run(
            uow,
            name="来年度年会費",
            fiscal_year=this_year + 1,
            charge_start=date(this_year + 1, 4, 1),
            due_on=date(this_year + 2, 3, 31),
        )
    for step, state in ((runs.start_run, "created"), (runs.confirm_run, "confirmed")):
        with billing.unit(SOCIETY) as uow:
            step(uow, planned)
        wait_for(partial(_is, house, planned, state), f"run {state}", 60)


def _is(house: House, run: str, state: str) -> bool:
    with house.box.services["billing"].unit(SOCIETY, reading=True) as uow:
        return uow.get(RunRow, run).state == state


def _pay(house: House) -> None:
    """A member pays by two ways and registers; the bank's file names somebody unknown."""
    office, member = house.token(*OFFICE), house.member_token()
    asked = wait_for(lambda: house.ask(member, "GET", "/billing/api/invoices/mine"), "invoice of the member")
    other = _another_invoice(house, asked[0]["id"])
    wait_for(lambda: _has_request(house, member, asked[0]["id"]), "request to pay", 60)
    house.ask(member, "POST", f"/payments/api/my/requests/{asked[0]['id']}/attempts", json={"method": "bank_transfer"})
    paid = {
        "method": "cash",
        "received_on": str(clock.today()),
        "entry_key": new_id(),
        "parts": [{"amount": other.total, "invoice_id": other.id}],
    }
    house.ask(office, "POST", "/payments/api/payments", json=paid)
    for name, amount in (("nyukin.txt", 7_777), ("nyukin-2.txt", 8_888)):
        content = file_of(line(amount=amount, name="フメイ"))
        file = house.ask(office, "POST", f"/payments/api/bank-files?name={name}", data=content)
        if amount == 7_777:
            house.ask(office, "POST", f"/payments/api/bank-files/{file['id']}/import")
    for event in (MEETING, LECTURE):
        house.ask(member, "POST", f"/events/api/my/events/{event}/registration")


def _another_invoice(house: House, than: str) -> InvoiceRow:
    with house.box.services["billing"].unit(SOCIETY, reading=True) as uow:
        others = sa.select(InvoiceRow).where(InvoiceRow.total > 0, InvoiceRow.id != than)
        return uow.session.scalars(others.order_by(InvoiceRow.number).limit(1)).one()


def _has_request(house: House, token: str, invoice: str) -> bool:
    answer = requests.get(
        f"{house.url}/payments/api/my/requests/{invoice}", headers={"Authorization": f"Bearer {token}"}, timeout=30
    )
    return answer.ok


def _park(house: House) -> None:
    """Each service has a message that it cannot handle, for the operator's pages."""
    for name, running in house.box.services.items():
        heard: Message = (
            LetterBounced(letter_id=new_id(), person_id=new_id(), code="", bounced_at=clock.now())
            if name == "members"
            else PersonChanged(person=person())
        )
        inbox.receive(running, [msgspec.structs.replace(envelope(heard, SOCIETY), payload="{}")])


def _link(post: TrialMailbox, address: str, path: str) -> str | None:
    links = (link for letter in post.letters_to(address) for link in letter.links)
    return next((link for link in links if path in link), None)
