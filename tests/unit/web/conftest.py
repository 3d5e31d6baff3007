"""The sample service running on SQLite, and people who are logged in to it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from flask import Flask
from flask.testing import FlaskClient

from shared.identity import Role
from shared.ids import new_id
from shared.migrations import migrate
from shared.service import RunningService
from shared.settings import Settings
from shared.society import SocietyRow
from shared.web.app import create_app
from tests.tokens import token_of
from tests.unit.web.sample.service import SERVICE

SOCIETY = new_id()
LogIn = Callable[..., FlaskClient]


@pytest.fixture(scope="session")
def key() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.generate()


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty database, migrated once and copied for each test."""
    path = tmp_path_factory.mktemp("web") / "migrated.db"
    migrate(SERVICE, f"sqlite:///{path}")
    return path


@pytest.fixture
def running(tmp_path: Path, key: Ed25519PrivateKey, migrated: Path) -> Iterator[RunningService]:
    public = tmp_path / "token.pem"
    public.write_bytes(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    url = f"sqlite:///{shutil.copy(migrated, tmp_path / 'sample.db')}"
    settings = Settings(service="sample", database=url, secret="s" * 32, token_public=public, home=tmp_path, dev=True)
    running = SERVICE.start(settings)
    with running.session() as session:
        session.add(
            SocietyRow(
                id=SOCIETY,
                revision=1,
                slug="gakkai",
                name="日本集い学会",
                name_en="Tsudoi Society of Japan",
                zone="Asia/Tokyo",
                fiscal_year_starts=4,
                email="office@example.org",
                registration_number=None,
                registered_from=None,
            )
        )
    yield running
    running.stop()


@pytest.fixture
def app(running: RunningService) -> Flask:
    return create_app(running)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def token(key: Ed25519PrivateKey) -> Callable[..., str]:
    """A token for somebody with some roles; `session` names their session."""
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    def make(*roles: Role, session: str | None = None, language: str = "ja") -> str:
        return token_of(
            private, *roles, society=SOCIETY, person=new_id(), session=session, name="髙橋 花子", language=language
        )

    return make


@pytest.fixture
def log_in(app: Flask, token: Callable[..., str]) -> LogIn:
    """A browser in which somebody is logged in."""

    def make(*roles: Role, **options: str) -> FlaskClient:
        client = app.test_client()
        client.set_cookie("tsudoi_token", token(*roles, **options))
        return client

    return make
