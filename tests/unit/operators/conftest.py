"""Billing on SQLite with two societies and messages that are really parked, and people who look at them."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from services.billing.service import SERVICE
from shared import clock
from shared.bus import inbox
from shared.bus.retry import work_off
from shared.identity import Role, make_keys
from shared.ids import new_id
from shared.local_copies import copy_society
from shared.messages.members import Person, PersonChanged, Society, SocietyChanged
from shared.messages.payments import Payment, PaymentReceived
from shared.migrations import migrate
from shared.service import RunningService
from shared.web.app import create_app
from tests.envelopes import envelope
from tests.tokens import token_of

LogIn = Callable[..., FlaskClient]
NAME = "髙橋 花子"


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("operators") / "billing.db"
    migrate(SERVICE, f"sqlite:///{path}")
    return path


@pytest.fixture
def running(tmp_path: Path, migrated: Path) -> Iterator[RunningService]:
    _, public = make_keys(tmp_path / "keys")
    url = f"sqlite:///{shutil.copy(migrated, tmp_path / 'billing.db')}"
    settings = SERVICE.settings(service="billing", database=url, secret="s" * 32, token_public=public, home=tmp_path)
    started = SERVICE.start(settings)
    yield started
    started.stop()


@pytest.fixture
def societies(running: RunningService) -> list[str]:
    made = []
    for slug in ("kaisei", "minato"):
        society = Society(id=new_id(), revision=1, slug=slug, name=f"{slug}学会", name_en=f"{slug} society")
        with running.unit(society.id) as uow:
            copy_society(uow, SocietyChanged(society=society))
        made.append(society.id)
    return made


def without_payer() -> PaymentReceived:
    """Billing refuses it for good."""
    now = clock.now()
    payment = Payment(id=new_id(), revision=1, amount=8_000, method="cash", received_on=now.date(), received_at=now)
    return PaymentReceived(payment=payment)


def nameless_person() -> PersonChanged:
    """Full of a person's data."""
    return PersonChanged(
        person=Person(id=new_id(), revision=1, kind="individual", name=NAME, email="hanako@example.jp", roman="hanako")
    )


def park(running: RunningService, society: str, count: int = 1) -> list[str]:
    """Payments that nobody can book; ids of the messages."""
    envelopes = [envelope(without_payer(), society) for _ in range(count)]
    inbox.store(running, envelopes)
    while work_off(running):
        pass
    return [each.id for each in envelopes]


@pytest.fixture
def log_in(running: RunningService, societies: list[str], tmp_path: Path) -> LogIn:
    """A browser in which somebody with these roles is logged in."""
    app = create_app(running)
    private = (tmp_path / "keys" / "token-private.pem").read_bytes()

    def make(*roles: Role, language: str = "en", society: str | None = None) -> FlaskClient:
        client = app.test_client()
        token = token_of(private, *roles, society=society or societies[0], name="運用 守", language=language)
        client.set_cookie("tsudoi_token", token)
        return client

    return make
