"""Who may read the audit trail: administrators of the society, at every service; nobody else, operators neither."""

from __future__ import annotations

import pytest

from shared.cli import SERVICES
from shared.identity import Role
from tests.unit.audit.conftest import LogIn, Open

PAGES = ("console/audit", "console/audit/export.csv", "console/audit/export.xlsx", "api/audit")


@pytest.mark.rule("S1")
@pytest.mark.rule("W3")
@pytest.mark.parametrize("name", SERVICES)
def test_only_administrators_read_it(open_service: Open, log_in: LogIn, name: str) -> None:
    running = open_service(name)
    for page in PAGES:
        address = f"/{name}/{page}"
        assert log_in(running).get(address).status_code == (401 if "/api/" in address else 302), address
        for role in set(Role) - {Role.ADMINISTRATOR}:
            assert log_in(running, role).get(address).status_code == 403, (address, role)
        with log_in(running, Role.ADMINISTRATOR).get(address) as answer:
            assert answer.status_code == 200, address


def test_administrators_find_it_in_the_navigation(open_service: Open, log_in: LogIn) -> None:
    running = open_service("events")
    text = log_in(running, Role.ADMINISTRATOR).get("/events/console/audit").text
    assert '<a href="/members/console/audit" aria-current="page">' in text
    assert all(f'href="/{name}/console/audit"' in text for name in SERVICES)
    assert "/members/console/audit" not in log_in(running, Role.EVENTS).get("/events/console/events").text
