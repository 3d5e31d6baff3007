"""`chromium`: Playwright once for each test process; a second one beside it would refuse to start. `browser`: Debian's
Chromium, started by the first test that needs it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserType

CHROMIUM = Path("/usr/bin/chromium")
OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def chromium() -> Iterator[BrowserType]:
    from playwright.sync_api import sync_playwright  # takes a second, which most runs need not spend

    with sync_playwright() as playwright:
        yield playwright.chromium


@pytest.fixture(scope="session")
def browser(request: pytest.FixtureRequest) -> Iterator[Browser]:
    if not CHROMIUM.exists():
        pytest.skip("no chromium on this machine")
    chromium: BrowserType = request.getfixturevalue("chromium")
    browser = chromium.launch(executable_path=str(CHROMIUM), args=OPTIONS)
    yield browser
    browser.close()
