"""The list of permissions 権限一覧: what the office sees is what decides."""

from __future__ import annotations

import re
from html import unescape

import pytest

from shared.capabilities import CAPABILITIES, MY_PAGE, OFFICE, capabilities_of, role_name
from shared.identity import Role
from tests.unit.members.conftest import LogIn

PAGE = "/members/console/permissions"


def tables(text: str) -> list[list[list[str]]]:
    """Rows of marks, by table."""
    bodies = re.findall(r"<tbody>.*?</tbody>", text, re.S)
    mark = re.compile('aria-label="(may|may not|できる|できない)"')
    return [[mark.findall(row) for row in re.findall(r"<tr>.*?</tr>", body, re.S)] for body in bodies]


@pytest.mark.rule("W3")
@pytest.mark.parametrize("language", ["ja", "en"])
def test_the_office_sees_what_each_role_may_in_its_language(as_role: LogIn, language: str) -> None:
    browser = as_role(Role.EVENTS)
    browser.set_cookie("tsudoi_language", language)
    text = unescape(browser.get(PAGE).text)
    may, may_not = ("may", "may not") if language == "en" else ("できる", "できない")
    for shown, scope, roles in zip(tables(text), ("society", "own"), (OFFICE, MY_PAGE), strict=True):
        expected = [[may if known.is_for(role) else may_not for role in roles] for known in capabilities_of(scope)]
        assert shown == expected
        for known in capabilities_of(scope):
            assert known.name_in(language) in text
    assert f"{role_name(Role.EVENTS, language)} <span" in text  # marked as one's own
    assert "/members/console/staff" not in text  # administrators' way to change roles


@pytest.mark.rule("W3")
def test_integrators_read_the_same(as_role: LogIn) -> None:
    given = as_role(Role.READER).get("/members/api/permissions").get_json()
    assert {each["name"]: set(each["roles"]) for each in given} == {
        name: {role.value for role in known.roles} for name, known in CAPABILITIES.items()
    }
    assert given[0]["ja"] and given[0]["en"] and given[0]["scope"] == "society"
