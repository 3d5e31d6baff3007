"""Events running for real, on SQLite or PostgreSQL, with a society, and browsers of people and staff."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from services.events.service import SERVICE
from shared.identity import Role
from shared.migrations import migrate
from shared.service import RunningService
from shared.settings import Settings
from shared.web.app import create_app
from tests.servers.plugin import FreshDatabase
from tests.tokens import token_of
from tests.unit.events.browser import Browser
from tests.unit.events.facts import OTHER, SOCIETY, society_changed, tell

Start = Callable[..., RunningService]
LogIn = Callable[..., Browser]
MakeToken = Callable[..., str]


@pytest.fixture(scope="session")
def key() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.generate()


@pytest.fixture
def start(tmp_path: Path, key: Ed25519PrivateKey) -> Iterator[Start]:
    """Starts events with two societies."""
    public = tmp_path / "token.pem"
    public.write_bytes(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    started: list[RunningService] = []

    def make(database: str = "") -> RunningService:
        url = database or f"sqlite:///{tmp_path}/events.db"
        if not database:
            migrate(SERVICE, url)
        settings = Settings(
            service="events", database=url, secret="s" * 32, token_public=public, home=tmp_path, pool_size=20
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
    return start()


@pytest.fixture
def on_postgres(start: Start, fresh_database: FreshDatabase) -> RunningService:
    return start(fresh_database("events", migrated=True).app_url)


@pytest.fixture
def make_token(key: Ed25519PrivateKey) -> MakeToken:
    """`make_token(Role.MEMBER, person=…)`: what the cookie of somebody who is logged in holds."""
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    def make(*roles: Role, person: str | None = None, society: str = SOCIETY) -> str:
        return token_of(private, *roles, society=society, person=person, name="集い 一郎")

    return make


@pytest.fixture
def log_in(make_token: MakeToken) -> LogIn:
    """`log_in(running, Role.MEMBER, person=…)`: a browser in which somebody is logged in."""

    def make(running: RunningService, *roles: Role, person: str | None = None, society: str = SOCIETY) -> Browser:
        client = create_app(running).test_client()
        if roles:
            client.set_cookie("tsudoi_token", make_token(*roles, person=person, society=society))
        return Browser(client)

    return make
