"""Every route of every service says who may use it, and can be found under the service's own prefix."""

from __future__ import annotations

import importlib
from importlib.util import find_spec
from pathlib import Path

import pytest
from flask import Flask

from shared.cli import SERVICES
from shared.identity import make_keys
from shared.service import Service
from shared.web.access import undeclared_routes
from shared.web.app import create_app
from shared.web.navigation import ENTRIES

PRESENT = [name for name in SERVICES if find_spec(f"services.{name}") and find_spec(f"services.{name}.service")]


@pytest.fixture(params=PRESENT)
def app(request: pytest.FixtureRequest, tmp_path: Path) -> Flask:
    """The application of one service; nothing is asked of its database."""
    service: Service = importlib.import_module(f"services.{request.param}.service").SERVICE
    private, public = make_keys(tmp_path)
    environment = {
        f"TSUDOI_DATABASE_{service.name.upper()}": f"sqlite:///{tmp_path}/{service.name}.db",
        "TSUDOI_SECRET": "s" * 32,
        "TSUDOI_TOKEN_PUBLIC": str(public),
        "TSUDOI_TOKEN_KEY": str(private),
        "TSUDOI_HOME": str(tmp_path),
    }
    return create_app(service.start(service.settings.load(service.name, environment)))


def test_every_route_says_who_may_use_it(app: Flask) -> None:
    assert undeclared_routes(app) == []


def test_every_route_stands_under_the_prefix_of_its_service(app: Flask) -> None:
    prefix = f"/{app.extensions['tsudoi'].name}/"
    assert [rule.rule for rule in app.url_map.iter_rules() if not f"{rule.rule}/".startswith(prefix)] == []


def test_every_place_in_the_navigation_exists(app: Flask) -> None:
    name = app.extensions["tsudoi"].name
    adapter = app.url_map.bind("localhost")
    missing = [e.path for e in ENTRIES if e.path.startswith(f"/{name}/") and not adapter.test(e.path, "GET")]
    assert missing == []
