"""One installation of each kind for the whole story; fixtures bring it to the chapter where a test begins."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Error

from tests.journeys.browser import Window
from tests.journeys.dues import DuesRun, bill_the_dues
from tests.journeys.installations import INSTALLATIONS, Installation
from tests.journeys.people import Here

ARTEFACTS = Path(__file__).parents[2] / "artefacts" / "journeys"


@pytest.fixture(
    scope="session",
    params=[pytest.param(name, marks=pytest.mark.xdist_group(f"journey-{name}")) for name in INSTALLATIONS],
)
def installation(request: pytest.FixtureRequest) -> Iterator[Installation]:
    with INSTALLATIONS[request.param]() as running:
        yield running


@pytest.fixture(scope="session")
def everybody(installation: Installation, browser: Browser) -> Iterator[Here]:
    pictures = ARTEFACTS / installation.name
    here = Here(installation, lambda size: Window.open(browser, installation.url, pictures, size))
    yield here
    for window in here.windows():
        with contextlib.suppress(Error):  # an interrupted run has closed the browser already
            window.context.close()


@pytest.fixture
def here(everybody: Here) -> Iterator[Here]:
    """Where a chapter happens; nothing may go wrong in any window on the side."""
    yield everybody
    if troubles := everybody.troubles():
        pytest.fail("in the browser:\n" + "\n".join(troubles), pytrace=False)


@pytest.fixture(scope="session")
def dues(everybody: Here) -> DuesRun:
    """The year's dues are billed and confirmed: everybody has their invoice."""
    return bill_the_dues(everybody)
