"""A browser whose windows note everything that goes wrong in them, and keep pictures of what was seen."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Locator, Page, Response, expect

DESKTOP, PHONE = (1280, 860), (390, 844)
SECONDS = 20
expect.set_options(timeout=SECONDS * 1000)


@dataclass
class Window:
    """One person's browser window. `trouble` holds refused answers and errors of scripts that nobody expected."""

    context: BrowserContext
    page: Page
    url: str
    pictures: Path
    trouble: list[str] = field(default_factory=list)
    _forgiven: tuple[int, ...] = ()

    @classmethod
    def open(cls, browser: Browser, url: str, pictures: Path, size: tuple[int, int] = DESKTOP) -> Window:
        context = browser.new_context(
            viewport={"width": size[0], "height": size[1]},
            locale="ja-JP",
            timezone_id="Asia/Tokyo",
            reduced_motion="reduce",
        )
        context.set_default_timeout(SECONDS * 1000)
        page = context.new_page()
        window = cls(context, page, url, pictures)
        page.on("console", window._note_console)
        page.on("pageerror", lambda error: window.trouble.append(f"script: {error} on {page.url}"))
        page.on("response", window._note_answer)
        page.on("dialog", lambda dialog: dialog.accept())  # “Are you sure?” – yes
        return window

    def _note_console(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not message.text.startswith("Failed to load resource"):
            self.trouble.append(f"console: {message.text} on {self.page.url}")

    def _note_answer(self, answer: Response) -> None:
        if answer.status >= 400 and answer.status not in self._forgiven:
            self.trouble.append(f"{answer.status} {answer.request.method} {answer.url}")

    @contextmanager
    def refused_with(self, *status: int) -> Iterator[None]:
        """Answers of these kinds are what the story expects here."""
        self._forgiven = status
        try:
            yield
        finally:
            self.page.wait_for_load_state()
            self._forgiven = ()

    def go(self, path: str) -> Window:
        """Open an address of this installation, or one from a letter."""
        self.page.goto(path if path.startswith("http") else self.url + path)
        return self

    @property
    def path(self) -> str:
        return urlsplit(self.page.url).path

    @property
    def main(self) -> Locator:
        return self.page.locator("main")

    def see(self, *texts: str) -> None:
        """All these texts are on the page, or will be in a moment."""
        for text in texts:
            expect(self.main).to_contain_text(text)

    def see_not(self, *texts: str) -> None:
        for text in texts:
            expect(self.main).not_to_contain_text(text)

    def told(self, text: str) -> None:
        """A notice says so, of what was just done. Notices stand beside `main`."""
        expect(self.page.locator("[data-notice]", has_text=text)).to_be_visible()

    def link(self, name: str | re.Pattern[str]) -> Locator:
        return self.main.get_by_role("link", name=name)

    def button(self, name: str | re.Pattern[str]) -> Locator:
        return self.main.get_by_role("button", name=name)

    def tile(self, label: str) -> str:
        """The figure of a tile."""
        named = self.page.locator(".tile-label", has_text=re.compile(rf"^\s*{re.escape(label)}\s*$"))
        tile = self.main.locator(".tile", has=named)
        return tile.locator(".tile-value").inner_text().strip()

    def download(self, link: Locator) -> bytes:
        with self.page.expect_download() as waiting:
            link.click()
        return Path(waiting.value.path()).read_bytes()

    def json(self, path: str) -> Any:
        """An answer of the API, with this person's login."""
        answer = self.context.request.get(self.url + path)
        if answer.status == 401:  # the token has run out; pages renew it by themselves
            self.context.request.get(f"{self.url}/members/session/renew?next=/members/")
            answer = self.context.request.get(self.url + path)
        assert answer.status == 200, f"{answer.status} {path}: {answer.text()[:500]}"
        return answer.json()

    def all_of(self, path: str) -> list[dict[str, Any]]:
        """All rows of a list of the API, page after page."""
        rows: list[dict[str, Any]] = []
        while True:
            after = f"&after={rows[-1]['id']}" if rows else ""
            more: Any = self.json(f"{path}&limit=500{after}")
            rows += more
            if len(more) < 500:
                return rows

    def shot(self, name: str) -> None:
        """Keep a picture of the whole page. The number in front is the chapter's, so that they sort like the story."""
        self.pictures.mkdir(parents=True, exist_ok=True)
        self.page.wait_for_load_state()
        expect(self.page.locator("[data-fragment][aria-busy=true]")).to_have_count(0)
        self.page.screenshot(path=self.pictures / f"{name}.png", full_page=True)

    def scrolls_sideways(self) -> bool:
        return bool(self.page.evaluate("document.documentElement.scrollWidth > innerWidth"))


def yen(text: str) -> int:
    """The number in an amount as people read it."""
    return int(re.sub(r"[^0-9-]", "", text.replace("−", "-")) or 0)
