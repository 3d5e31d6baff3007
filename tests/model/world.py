"""One small society with all its services in this process: files in memory, the real kit, no threads, no waiting."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from unittest.mock import patch

from services.billing import fees
from services.billing.invoices import issue_invoice
from services.billing.models import InvoiceKind, InvoiceRow, InvoiceState
from services.billing.service import SERVICE as BILLING
from services.events.catalogue import create_event, set_switches
from services.events.service import SERVICE as EVENTS
from services.members.members import add_member
from services.members.service import SERVICE as MEMBERS
from services.members.settings import MembersSettings
from services.members.societies import create_society
from services.notifications import sending
from services.notifications.service import SERVICE as NOTIFICATIONS
from services.notifications.settings import NotificationsSettings
from services.payments import asking
from services.payments.service import SERVICE as PAYMENTS
from services.payments.settings import PaymentSettings
from shared import clock, jobs
from shared.bus import ticker
from shared.bus.local import LocalPublisher
from shared.bus.relay import relay_once
from shared.bus.retry import work_off
from shared.migrations import migrate
from shared.service import RunningService
from shared.settings import Settings
from shared.uow import UnitOfWork
from tests.model import witness
from tests.model.post import PostOffice
from tests.model.queues import Queues
from tests.model.simulation import Died, Simulation
from tests.model.till import SECRET, Till

SOCIETY = "019f0000-0000-7000-8000-000000000001"
SERVICES = (MEMBERS, BILLING, PAYMENTS, EVENTS, NOTIFICATIONS)
PEOPLE = 3
YEARS = (2026, 2027)


class World:
    """`begin` puts everything back to a founded society with nobody owing anything."""

    def __init__(self, home: Path, simulation: Simulation) -> None:
        self.simulation = simulation
        self.home, self._founded = home / "live", home / "founded"
        for folder in (self.home, self._founded):
            folder.mkdir(parents=True)
        self.databases = {service.name: f"sqlite:///{self.home / service.name}.db" for service in SERVICES}
        for service in SERVICES:
            migrate(service, self.databases[service.name])
        witnessed = f"sqlite:///{self.home / witness.NAME}.db"
        witness.make_tables(witnessed)
        self.services = {service.name: service.start(self._settings(service.name)) for service in SERVICES}
        self.witness = witness.start(witnessed)
        self.all = [*self.services.values(), self.witness]
        self.till = Till(self.home)
        self.post = PostOffice(simulation)
        self.queues = Queues(self.all)
        self.people: list[str] = []
        self.events: list[str] = []
        self.restart()
        self._found()
        self._let_go()
        for file in self.home.glob("*.db"):
            shutil.copy(file, self._founded)

    def begin(self, seed: int) -> None:
        self._let_go()
        for file in self.home.iterdir():
            file.unlink()
        for file in self._founded.iterdir():
            shutil.copy(file, self.home)
        self.simulation.begin(seed)
        self.simulation.move(timedelta(hours=1))  # the founding took some minutes
        self.till.mood, self.post.mood = "answers", "takes"
        self.post.arrived.clear()
        self.post.doubtful = 0
        self.queues.empty()
        self.restart()

    def close(self) -> None:
        self._let_go()

    def restart(self) -> None:
        """As a new process: what the old one had in mind is gone."""
        self.publisher = LocalPublisher(self.all)
        self._send_through(self.post)
        for running in self.services.values():
            running.after_saying.clear()

    @contextmanager
    def open(self) -> Iterator[None]:
        """While open, payments talks to our till."""
        with (
            patch.object(asking, "provider_of", lambda _: self.till),
            self.simulation.running(),
        ):
            yield

    # what the processes do, a piece at a time

    def attempt(self, work: Callable[[], object]) -> bool:
        """False if the process died at it; another one starts."""
        try:
            work()
        except Died:
            self.restart()
            return False
        return True

    def relay(self, running: RunningService, *, limit: int = 1000, by_broker: bool = False) -> int:
        return relay_once(running, self.queues if by_broker else self.publisher, limit)

    def work_off(self, running: RunningService) -> int:
        return work_off(running)

    def tick(self, running: RunningService) -> None:
        ticker.tick(running, threading.Event())

    def do_long_work(self, running: RunningService) -> bool:
        return jobs.run_next(running)

    def send_to_mailbox(self) -> None:
        """From now on letters need no mail server: all that wait are sent in one transaction."""
        self._send_through(None)

    def _send_through(self, transport: PostOffice | None) -> None:
        notifications = self.services["notifications"]
        assert isinstance(notifications.settings, NotificationsSettings)
        sending._senders[notifications] = sending.Sender(notifications, notifications.settings, transport)

    def _settings(self, name: str) -> Settings:
        common = {
            "service": name,
            "database": self.databases[name],
            "secret": "s" * 40,
            "token_public": self.home / "none.pem",
            "home": self.home,
            "public_url": "http://tsudoi.example",
        }
        if name == "members":
            return MembersSettings(**common, token_key=self.home / "none.pem")  # type: ignore[arg-type]
        if name == "payments":
            return PaymentSettings(**common, sandbox_secret=SECRET)  # type: ignore[arg-type]
        if name == "notifications":
            return NotificationsSettings(**common, smtp="smtp://post.example")  # type: ignore[arg-type]
        return Settings(**common)  # type: ignore[arg-type]

    def _found(self) -> None:
        with self.services["members"].unit(SOCIETY) as uow:
            create_society(uow, slug="model", name="試験学会", name_en="Model Society", email="office@example.org")
            for number in range(PEOPLE):
                values = {"name": f"会員 {number}", "email": f"m{number}@example.org", "category": "regular"}
                member = add_member(uow, {**values, "number": f"{number + 1}", "joined_on": clock.today()})
                self.people.append(member.id)
        self._carry()
        with self.services["billing"].unit(SOCIETY) as uow:
            for year in YEARS:
                fees.set_fee(uow, category="regular", fiscal_year=year, annual_fee=8_000, title="年会費")
        with self.services["events"].unit(SOCIETY) as uow:
            for fee in (0, 5_000):
                self.events.append(self._event(uow, fee))
        for number, person in enumerate(self.people):
            with self.services["billing"].unit(SOCIETY) as uow:
                bill(uow, person, 3_000 + number)
        self._carry()

    @staticmethod
    def _event(uow: UnitOfWork, fee: int) -> str:
        today = uow.today
        values = {
            "title": f"大会 {fee}",
            "venue": "集い会館",
            "starts_on": today + timedelta(days=60),
            "ends_on": today + timedelta(days=61),
            "registration_until": today + timedelta(days=50),
            "capacity": 2,
            "fee": fee,
        }
        event = create_event(uow, values)
        set_switches(uow, event.id, published=True, registration_open=True, on_my_page=True)
        return event.id

    def _carry(self) -> None:
        for running in self.services.values():
            while self.relay(running):
                pass
        for running in self.all:
            while self.work_off(running):
                pass

    def _let_go(self) -> None:
        for running in self.all:
            running.engine.dispose()
        self.till.close()


def bill(uow: UnitOfWork, payer: str, amount: int) -> None:
    """An invoice for nothing in particular, payable at once."""
    line = {"title": "寄付", "title_en": "", "amount": amount, "tax_class": "out_of_scope", "fiscal_year": YEARS[0]}
    draft = InvoiceRow(
        kind=InvoiceKind.ONE_OFF,
        state=InvoiceState.DRAFT,
        payer_id=payer,
        title="寄付",
        title_en="",
        fiscal_year=YEARS[0],
        total=amount,
        paid=0,
        methods=[],
        lines=[line],
    )
    issue_invoice(uow, uow.add(draft))
