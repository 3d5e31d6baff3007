"""Who may do what: every route of every service × every role, nobody, and a token that has expired, against the one
file that decides it. What belongs to others, and other societies: tests/unit/members/test_access.py."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask

from shared import capabilities
from shared.capabilities import CAPABILITIES, MY_PAGE, OFFICE, ROLE_NAMES, handbook, may, opened_to
from shared.db import KitBase
from shared.errors import TsudoiError
from shared.identity import Role
from shared.ids import new_id
from shared.web.access import allow, allow_public, declared_access
from shared.web.navigation import ENTRIES
from tests.architecture.test_routes import app  # noqa: F401
from tests.tokens import token_of

ROOT = Path(__file__).parents[2]


def routes(app: Flask) -> Iterator[tuple[str, str, str]]:  # noqa: F811
    """(method, path as it is written, endpoint)."""
    for rule in app.url_map.iter_rules():
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            yield method, rule.rule, rule.endpoint


def wrong_declarations(app: Flask) -> list[str]:  # noqa: F811
    """Routes of which code and file do not say the same."""
    found = []
    for method, path, endpoint in routes(app):
        said, meant = declared_access(app, endpoint, method), opened_to(method, path)
        if meant is None or said is None or (said.public, said.roles) != (meant.public, meant.roles):
            found.append(f"{method} {path}")
    return found


def token_for(keys: Path, *roles: Role, lifetime: timedelta = timedelta(minutes=5)) -> str:
    return token_of((keys / "token-private.pem").read_bytes(), *roles, society=new_id(), lifetime=lifetime)


def guarded(app: Flask, method: str, endpoint: str, token: str | None) -> int:  # noqa: F811
    """What stands before the views answers; 200: the request reaches its view."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    with app.test_request_context(f"/{app.extensions['tsudoi'].name}/api/x", method=method, headers=headers) as context:
        context.request.url_rule = next(
            rule for rule in app.url_map.iter_rules(endpoint) if method in (rule.methods or ())
        )
        try:
            answer = app.preprocess_request()
        except TsudoiError as error:
            return error.kind.status
    return 200 if answer is None else 302


@pytest.mark.rule("W3")
@pytest.mark.rule("S1")
def test_every_route_is_opened_to_whom_the_file_says(app: Flask) -> None:  # noqa: F811
    assert wrong_declarations(app) == []


@pytest.mark.rule("W3")
@pytest.mark.rule("S1")
def test_every_role_comes_in_where_the_file_says_and_nowhere_else(app: Flask, tmp_path: Path) -> None:  # noqa: F811
    KitBase.metadata.create_all(app.extensions["tsudoi"].engine)
    tokens: dict[Role | str, str | None] = {role: token_for(tmp_path, role) for role in Role}
    tokens["nobody"] = None
    tokens["expired"] = token_for(tmp_path, *Role, lifetime=timedelta(seconds=-1))
    wrong = []
    for method, path, endpoint in routes(app):
        meant = opened_to(method, path)
        assert meant, path
        for who, token in tokens.items():
            if meant.public:
                expected = 200
            elif not isinstance(who, Role):
                expected = 401
            else:
                expected = 200 if not meant.roles or who in meant.roles else 403
            if (status := guarded(app, method, endpoint, token)) != expected:
                wrong.append((who, method, path, status))
    assert wrong == []


@pytest.mark.rule("W3")
@pytest.mark.parametrize("app", ["members"], indirect=True)
@pytest.mark.parametrize("declare", [allow(Role.READER), allow_public, None], ids=["too wide", "public", "forgotten"])
def test_a_wrong_declaration_is_found(app: Flask, declare: object) -> None:  # noqa: F811
    path = "/members/console/members/all/remove"
    view = (lambda: "") if declare is None else declare(lambda: "")  # type: ignore[operator]
    app.add_url_rule(path, "wrong", view, methods=["POST"])
    assert wrong_declarations(app) == [f"POST {path}"]


@pytest.mark.rule("W3")
@pytest.mark.parametrize("app", ["members"], indirect=True)
def test_a_route_of_which_the_file_knows_nothing_is_found(app: Flask) -> None:  # noqa: F811
    app.add_url_rule("/elsewhere", "new", allow(Role.ADMINISTRATOR)(lambda: ""))
    assert wrong_declarations(app) == ["GET /elsewhere"]


@pytest.mark.rule("W3")
def test_the_pattern_that_says_most_decides() -> None:
    assert may("change-members") == (Role.ADMINISTRATOR, Role.AFFAIRS)
    for method, path, meant in (
        ("GET", "/members/console/members/<uuid:id>", may("see-members")),
        ("POST", "/members/console/members/<uuid:id>", may("change-members")),
        ("GET", "/members/console/members/<uuid:id>/edit", may("change-members")),
        ("GET", "/billing/api/invoices/<uuid:id>", (*may("see-billing"), *may("own-invoices"))),
    ):
        opened = opened_to(method, path)
        assert opened and (opened.public, opened.roles) == (False, frozenset(meant)), path


def test_no_menu_leads_where_its_reader_may_not_go() -> None:
    later = {Role.ORGANISER}  # whose pages open for the one event that is theirs
    for entry in ENTRIES:
        opened = opened_to("GET", entry.path)
        assert opened, entry.path
        if not opened.public and opened.roles and entry.roles:
            assert set(entry.roles) - later <= opened.roles, entry.path


def test_every_capability_opens_something_and_every_role_has_a_name(app: Flask) -> None:  # noqa: F811
    assert set(ROLE_NAMES) == set(Role)
    assert {*OFFICE, *MY_PAGE, Role.ORGANISER, Role.OPERATOR} == set(Role)
    ours = [(method, path) for method, path, _ in routes(app)]
    for known in CAPABILITIES.values():
        without = {name: replace(k, opens=()) if k is known else k for name, k in CAPABILITIES.items()}
        if app.extensions["tsudoi"].name != ("members" if known.area == "operation" else known.area):
            continue
        with pytest.MonkeyPatch.context() as patch:
            before = [opened_to(*route) for route in ours]
            patch.setattr(capabilities, "CAPABILITIES", without)
            assert [opened_to(*route) for route in ours] != before, known.name


def test_the_handbook_shows_what_the_file_says() -> None:
    shown = (ROOT / "docs" / "staff" / "permissions.md").read_text(encoding="utf-8")
    assert shown == handbook.page(), "python -m shared.capabilities.handbook > docs/staff/permissions.md"
