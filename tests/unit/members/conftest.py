"""members on SQLite, in a folder of the test: two societies, browsers, and what tests do again and again."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from services.members import passwords
from services.members.accounts import ensure_account
from services.members.members import add_member
from services.members.models import MemberRow, RosterRow, StandingRow
from services.members.rosters.upload import confirm_roster, faults_of, upload_roster
from services.members.service import SERVICE
from services.members.settings import MembersSettings
from services.members.societies import create_society
from shared import jobs
from shared.identity import Role, make_keys
from shared.ids import new_id
from shared.messages import CONTRACTS, Message
from shared.migrations import migrate
from shared.outbox import OutboxRow
from shared.service import RunningService
from shared.web.app import create_app
from tests.tokens import token_of

PASSWORD = "correct horse battery"
LogIn = Callable[..., FlaskClient]


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database file with all tables, copied by each test."""
    path = tmp_path_factory.mktemp("members") / "members.db"
    migrate(SERVICE, f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def hashed() -> str:
    """PASSWORD, hashed once."""
    return passwords.hash_password(PASSWORD)


def start(database: str, folder: Path) -> RunningService:
    private, public = make_keys(folder / "keys")
    settings = MembersSettings(
        service="members",
        database=database,
        secret="s" * 32,
        token_public=public,
        token_key=private,
        home=folder,
        public_url="http://localhost",
    )
    return SERVICE.start(settings)


@pytest.fixture
def running(tmp_path: Path, migrated: Path) -> Iterator[RunningService]:
    database = tmp_path / "members.db"
    database.write_bytes(migrated.read_bytes())
    started = start(f"sqlite:///{database}", tmp_path)
    yield started
    started.stop()


def make_society(running: RunningService, slug: str) -> str:
    id = new_id()
    with running.unit(id) as uow:
        create_society(uow, slug=slug, name=f"{slug} 学会", name_en=f"Society {slug}")
    return id


@pytest.fixture
def society(running: RunningService) -> str:
    return make_society(running, "kaisei")


@pytest.fixture
def app(running: RunningService) -> Flask:
    return create_app(running)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def as_role(app: Flask, running: RunningService, society: str) -> LogIn:
    """A browser whose token says some roles; no account stands behind it, unless one is named."""

    def make(
        *roles: Role, person: str | None = None, society_id: str = society, account: str | None = None
    ) -> FlaskClient:
        assert isinstance(running.settings, MembersSettings)
        browser = app.test_client()
        key = running.settings.token_key.read_bytes()
        token = token_of(key, *roles, society=society_id, person=person, account=account)
        browser.set_cookie("tsudoi_token", token)
        return browser

    return make


def a_member(running: RunningService, society: str, **values: Any) -> MemberRow:
    with running.unit(society) as uow:
        return add_member(uow, {"name": "髙橋 花子", "category": "regular", **values})


def with_account(
    running: RunningService, society: str, person: MemberRow, hashed: str | None, roles: list[str] | None = None
) -> str:
    """The id of an account of this person that has this password."""
    with running.unit(society) as uow:
        account = ensure_account(uow, uow.get(MemberRow, person.id))
        account.password_hash, account.roles, account.is_staff = hashed, roles or [], bool(roles)
        return account.id


def csrf(browser: FlaskClient, page: str = "/members/login") -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', browser.get(page).text)
    assert found
    return found[1]


def post(browser: FlaskClient, address: str, /, page: str = "/members/password", **form: Any) -> Any:
    """Send a form as a browser does: with the token that a page gave it."""
    form["csrf_token"] = csrf(browser, page)
    return browser.post(address, data=form, content_type="multipart/form-data" if "file" in form else None)


def words(answer: Any) -> str:
    """A page without the token of its forms, which tells the second in which it was made."""
    return re.sub(r'"[^"]{60,}"', '""', answer.text)


def log_in(browser: FlaskClient, email: str, password: str = PASSWORD, **form: Any) -> Any:
    return post(browser, "/members/login", email=email, password=password, **form)


def work(running: RunningService) -> None:
    """Do all long work that waits."""
    while jobs.run_next(running):
        pass


def said(running: RunningService) -> list[Message]:
    """Everything that was said so far, oldest first."""
    with running.session(reading=True) as session:
        rows = session.scalars(sa.select(OutboxRow).order_by(OutboxRow.id)).all()
    return [msgspec.json.decode(row.payload, type=CONTRACTS[row.type]) for row in rows]


def check(running: RunningService, society: str, data: bytes, name: str = "roster.csv") -> RosterRow:
    """Upload and dry run."""
    with running.unit(society) as uow:
        roster = upload_roster(uow, name, io.BytesIO(data))
    work(running)
    return roster_now(running, society, roster.id)


def roster_now(running: RunningService, society: str, id: str) -> RosterRow:
    with running.unit(society, reading=True) as uow:
        return uow.get(RosterRow, id)


def import_all(running: RunningService, society: str, data: bytes) -> RosterRow:
    """Dry run, confirmation, import."""
    roster = check(running, society, data)
    with running.unit(society) as uow:
        confirm_roster(uow, roster.id)
    work(running)
    return roster_now(running, society, roster.id)


def faults(running: RunningService, society: str, roster: RosterRow) -> list[tuple[int, str, str]]:
    with running.unit(society, reading=True) as uow:
        return [(f.row, f.column, f.text % f.params if f.params else f.text) for f in faults_of(uow, roster.id)]


def members_of(running: RunningService, society: str) -> list[MemberRow]:
    with running.unit(society, reading=True) as uow:
        return list(uow.session.scalars(sa.select(MemberRow).order_by(MemberRow.number)))


def today(running: RunningService, society: str) -> date:
    with running.unit(society, reading=True) as uow:
        return uow.today


def short(day: date) -> str:
    """As pages show it."""
    return f"{day:%Y/%m/%d}"


def histories(running: RunningService, society: str) -> dict[str, list[tuple[str, date]]]:
    """(standing, from when), oldest first, by name."""
    found: dict[str, list[tuple[str, date]]] = {}
    statement = sa.select(MemberRow.name, StandingRow.standing, StandingRow.starts_on)
    joined = statement.join(StandingRow, StandingRow.member_id == MemberRow.id).order_by(StandingRow.starts_on)
    with running.unit(society, reading=True) as uow:
        for name, standing, starts_on in uow.session.execute(joined):
            found.setdefault(name, []).append((standing, starts_on))
    return found
