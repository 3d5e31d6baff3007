"""The components in a real browser: accessible by axe's rules in both languages and appearances, and alive."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, expect
from werkzeug.serving import make_server

from shared import jobs
from shared.identity import Role
from shared.service import RunningService
from tests.axe import page_faults
from tests.unit.web.conftest import SOCIETY

MATRIX = (("light", "ja", 1280), ("dark", "ja", 390), ("light", "en", 390), ("dark", "en", 1280))


@pytest.fixture
def address(app: Flask) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def open_page(browser: Browser, address: str, token: Callable[..., str]) -> Iterator[Callable[..., Page]]:
    """Open a path as somebody with some roles."""
    contexts: list[BrowserContext] = []

    def make(path: str, *roles: Role, width: int = 1280, **cookies: str) -> Page:
        context = browser.new_context(viewport={"width": width, "height": 900})
        contexts.append(context)
        known = {"tsudoi_token": token(*roles), **cookies}
        context.add_cookies([{"name": name, "value": value, "url": address} for name, value in known.items()])
        page = context.new_page()
        page.goto(address + path)
        return page

    yield make
    for context in contexts:
        context.close()


@pytest.mark.rule("W1")
@pytest.mark.parametrize("layout", ["console", "my", "plain"])
def test_axe_finds_nothing(open_page: Callable[..., Page], layout: str) -> None:
    page = open_page(f"/sample/kit?layout={layout}", Role.ADMINISTRATOR, Role.MEMBER)
    page.emulate_media(reduced_motion="reduce")
    for theme, language, width in (
        ("light", "ja", 1280),
        ("dark", "ja", 390),
        ("light", "en", 390),
        ("dark", "en", 1280),
    ):
        page.set_viewport_size({"width": width, "height": 900})
        page.goto(page.url.split("?")[0] + f"?layout={layout}&lang={language}&theme={theme}")
        expect(page.locator("html")).to_have_attribute("data-theme", theme)
        expect(page.locator("[data-fragment] .alert-warn")).to_be_visible()  # the part that does not answer
        expect(page.locator("[data-fragment] .card-due")).to_be_visible()
        assert not (found := page_faults(page)), f"{theme} {language} {width}:\n{found}"


def test_progress_moves_and_the_page_goes_on_when_work_is_over(
    open_page: Callable[..., Page], running: RunningService
) -> None:
    with running.unit(SOCIETY) as uow:
        job = jobs.start(uow, "sample", {}, total=10)
    page = open_page(f"/sample/console/work/{job.id}", Role.ACCOUNTING)
    expect(page.locator("[data-job-label]")).to_have_text("開始待ち")
    with running.unit(SOCIETY) as uow:
        row = jobs.look(uow, job.id)
        row.state, row.done = "running", 4
    expect(page.locator("progress")).to_have_js_property("value", 40)
    with running.unit(SOCIETY) as uow:
        row = jobs.look(uow, job.id)
        row.state, row.done = "done", 10
    expect(page.locator("h1")).to_have_text("10 of 10")
    expect(page.locator("[data-job]")).to_have_count(0)


def test_the_phone_menu_opens_and_closes(open_page: Callable[..., Page]) -> None:
    page = open_page("/sample/console/fees", Role.ACCOUNTING, width=390)
    entry = page.get_by_role("link", name="請求一覧")
    expect(entry).to_be_hidden()
    page.get_by_role("button", name="メニュー").click()
    expect(entry).to_be_visible()
    page.keyboard.press("Escape")
    expect(entry).to_be_hidden()


def test_the_skip_link_is_the_first_stop_of_the_keyboard(open_page: Callable[..., Page]) -> None:
    page = open_page("/sample/console/fees", Role.ACCOUNTING)
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.keyboard.press("Enter")
    assert page.evaluate("location.hash") == "#main"


def test_a_refused_form_puts_the_reader_at_what_is_wrong(open_page: Callable[..., Page]) -> None:
    page = open_page("/sample/console/fees", Role.ACCOUNTING)
    page.get_by_label("Name").fill("x" * 30)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_be_focused()
    expect(page.get_by_label("Name")).to_have_attribute("aria-invalid", "true")
