"""`chromium`: Playwright once for each test process; a second one beside it would refuse to start."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import BrowserType


@pytest.fixture(scope="session")
def chromium() -> Iterator[BrowserType]:
    from playwright.sync_api import sync_playwright  # takes a second, which most runs need not spend

    with sync_playwright() as playwright:
        yield playwright.chromium
