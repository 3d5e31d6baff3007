"""Chapter 8: onebox itself: the first administrator of an empty one, Ctrl-C, and everything found again."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.journeys.browser import Window
from tests.journeys.conftest import ARTEFACTS
from tests.journeys.dues import read_roster
from tests.journeys.installations import start_onebox
from tests.journeys.people import ADMINISTRATOR, CHOSEN, log_in

SECONDS_TO_READY = 3.0
SLOW_MACHINE = 4  # other tests run beside this one

pytestmark = pytest.mark.xdist_group("journey-onebox")


@pytest.fixture
def windows(browser: Browser) -> Iterator[list[Window]]:
    """Windows that a test opened; nothing unexpected may have happened in them."""
    opened: list[Window] = []
    yield opened
    for window in opened:
        window.context.close()
        assert window.trouble == []


def open_window(browser: Browser, windows: list[Window], url: str) -> Window:
    windows.append(Window.open(browser, url, ARTEFACTS / "onebox"))
    return windows[-1]


def test_an_empty_onebox_makes_its_first_administrator_by_a_link(
    tmp_path: Path, browser: Browser, windows: list[Window]
) -> None:
    box = start_onebox(tmp_path / "home", demo=False)
    try:
        link = re.findall(r"http://\S+/members/setup/\S+", box.said)[0]
        window = open_window(browser, windows, box.url)
        window.go(link)
        window.shot("80-first-administrator")
        for name, value in {
            "society_name": "日本庭園史学会",
            "society_name_en": "Society for Garden History",
            "slug": "niwa",
            "society_email": "office@niwa.example",
            "name": "園田 﨑子",
            "email": "sonoda@niwa.example",
            "password": CHOSEN,
            "again": CHOSEN,
        }.items():
            window.page.fill(f"[name={name}]", value)
        window.page.locator("main form .form-actions button").click()
        expect(window.page).to_have_url(f"{box.url}/members/console/import")
        window.shot("81-empty-society")
        window.go("/billing/console/").shot("82-empty-dashboard")
        with window.refused_with(404, 409, 410, 422):
            window.go(link)
        assert window.page.locator("input[name=slug]").count() == 0
        assert box.interrupt() == 0
    finally:
        box.end()
    assert "demo.example" not in box.said


def test_ctrl_c_ends_it_and_the_next_start_finds_everything(
    tmp_path: Path, browser: Browser, windows: list[Window]
) -> None:
    first = start_onebox(tmp_path / "home")
    try:
        window = open_window(browser, windows, first.url)
        log_in(window, ADMINISTRATOR)
        before = read_roster(window)
        assert first.interrupt() == 0
    finally:
        first.end()
    second = start_onebox(tmp_path / "home", first.port)
    try:
        print(f"onebox: first start ready in {first.seconds_to_ready:.1f} s, second in {second.seconds_to_ready:.1f} s")
        assert second.seconds_to_ready < SECONDS_TO_READY * SLOW_MACHINE
        assert read_roster(window) == before  # still logged in, too
        assert second.interrupt() == 0
    finally:
        second.end()
    assert "Traceback" not in second.said
