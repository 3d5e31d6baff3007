"""Notifications running for real: on SQLite or PostgreSQL, with a mail server that says what it is told."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from flask.testing import FlaskClient

from services.notifications.models import LetterRow
from services.notifications.service import SERVICE
from services.notifications.settings import NotificationsSettings
from shared.identity import Role
from shared.migrations import migrate
from shared.service import RunningService
from shared.web.app import create_app
from tests.servers.plugin import FreshDatabase
from tests.tokens import token_of
from tests.unit.notifications.facts import OTHER, SOCIETY, society_changed, tell
from tests.unit.notifications.mail_server import MailServer

Start = Callable[..., RunningService]
MakeToken = Callable[..., str]


@pytest.fixture(scope="session")
def key() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.generate()


@pytest.fixture
def mail_server() -> Iterator[MailServer]:
    server = MailServer()
    server.start()
    yield server
    server.stop()


@pytest.fixture
def start(tmp_path: Path, key: Ed25519PrivateKey) -> Iterator[Start]:
    """Starts notifications with two societies; without `smtp` letters go to the in-app mailbox."""
    public = tmp_path / "token.pem"
    public.write_bytes(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    started: list[RunningService] = []

    def make(*, smtp: str = "", database: str = "", smtp_timeout: int = 1) -> RunningService:
        url = database or f"sqlite:///{tmp_path}/notifications.db"
        if not database:
            migrate(SERVICE, url)
        settings = NotificationsSettings(
            service="notifications",
            database=url,
            secret="s" * 32,
            token_public=public,
            home=tmp_path,
            public_url="https://tsudoi.example.org",
            smtp=smtp,
            smtp_timeout=smtp_timeout,
        )
        running = SERVICE.start(settings)
        started.append(running)
        for each in (SOCIETY, OTHER):
            tell(running, society_changed(each), society=each)
        return running

    yield make
    for running in started:
        running.stop()


@pytest.fixture
def running(start: Start) -> RunningService:
    """With the in-app mailbox."""
    return start()


@pytest.fixture
def mailing(start: Start, mail_server: MailServer) -> RunningService:
    """With a mail server."""
    return start(smtp=mail_server.url)


@pytest.fixture
def on_postgres(start: Start, fresh_database: FreshDatabase, mail_server: MailServer) -> RunningService:
    """On PostgreSQL, with a mail server."""
    return start(smtp=mail_server.url, database=fresh_database("notifications", migrated=True).app_url)


@pytest.fixture
def make_token(key: Ed25519PrivateKey) -> MakeToken:
    """What the cookie of somebody of SOCIETY with these roles holds."""
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    def make(*roles: Role, society: str = SOCIETY) -> str:
        return token_of(private, *roles, society=society, name="事務局 一同")

    return make


@pytest.fixture
def log_in(make_token: MakeToken) -> Callable[..., FlaskClient]:
    """A browser in which somebody of SOCIETY with these roles is logged in."""

    def make(running: RunningService, *roles: Role, society: str = SOCIETY) -> FlaskClient:
        client = create_app(running).test_client()
        if roles:
            client.set_cookie("tsudoi_token", make_token(*roles, society=society))
        return client

    return make


def letters(running: RunningService, society: str = SOCIETY) -> Sequence[LetterRow]:
    """All letters of a society, in the order in which they were queued."""
    with running.unit(society, reading=True) as uow:
        return uow.session.scalars(sa.select(LetterRow).order_by(LetterRow.queued_at, LetterRow.id)).all()
