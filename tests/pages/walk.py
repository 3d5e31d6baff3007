"""From page to page by their links, one page of each kind, each looked at with axe in the appearances that readers may
choose."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import urljoin, urlsplit

from flask import Flask
from playwright.sync_api import Browser, Page, expect
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Rule

from tests.axe import page_faults

DESKTOP, PHONE = (1280, 900), (390, 844)
LOOKS = (("ja", "light", DESKTOP), ("en", "light", PHONE), ("ja", "dark", PHONE), ("en", "dark", DESKTOP))
SWAGGER = "#api"  # its inside is not ours
# files, streams and parts of pages
NO_PAGE = re.compile(
    r"\.(pdf|<any\(csv, xlsx\):kind>|csv|xlsx)$|/(health|static|jobs|metrics|attachments|api)(/|$)"
    r"|/(state|due|figures|my/registrations)$|/session/renew$"
)


@dataclass
class Walk:
    """Somebody who goes through the house. `seen` and `wrong` are of all who went before, too."""

    page: Page
    url: str
    apps: Mapping[str, Flask]
    thorough: bool  # each page in all four looks; else each in one of them, in turn
    seen: set[str]
    wrong: dict[str, str]
    led_on: set[str] = field(default_factory=set)  # those that brought this person to another page

    def go(self, homes: Iterable[str], more: Iterable[str] = ()) -> None:
        """From the homes, which are not alike for all, to whatever nobody has seen yet."""
        own = set(homes)
        waiting = [*homes, *more]
        while waiting:
            address = waiting.pop(0)
            kind = self.kind_of(address)
            if kind is None or (kind in self.seen | self.led_on and address not in own):
                continue
            own.discard(address)
            waiting += self._look(kind, address)

    def kind_of(self, address: str) -> str | None:
        """The route of a page of ours, as it is written; none for files, and for what belongs to others."""
        parts = urlsplit(urljoin(self.url, address))
        app = self.apps.get(parts.path.partition("/")[2].partition("/")[0])
        if app is None or f"{parts.scheme}://{parts.netloc}" != self.url:
            return None
        try:
            rule, _ = app.url_map.bind("localhost").match(parts.path, method="GET", return_rule=True)
        except HTTPException:
            return None
        return None if NO_PAGE.search(rule.rule) else _kind(rule, self.thorough)

    def _look(self, kind: str, address: str) -> list[str]:
        """Look at a page in its appearances; where its links lead."""
        links: list[str] = []
        turn = (len(self.seen) + len(self.led_on)) % len(LOOKS)
        for language, theme, size in LOOKS if self.thorough else LOOKS[turn : turn + 1]:
            self._dress(theme, size)
            self._open(address, language)
            if (arrived := self.kind_of(self.page.url)) != kind:
                self.led_on.add(kind)
                return [self.page.url] if arrived else []
            if found := page_faults(self.page, without=SWAGGER):
                self.wrong[f"{kind} ({language}, {theme}, {size[0]}; {address})"] = found
            self.seen.add(kind)
            links = self.page.eval_on_selector_all("a[href]", "links => links.map(link => link.href)")
        return links

    def _open(self, address: str, language: str) -> None:
        self.page.context.add_cookies([{"name": "tsudoi_language", "value": language, "url": self.url}])
        answer = self.page.goto(urljoin(self.url, address))
        if answer and answer.status >= 400:
            self.wrong[f"{address} ({language})"] = f"answers {answer.status}"
        expect(self.page.locator("[data-fragment][aria-busy=true]")).to_have_count(0)

    def _dress(self, theme: str, size: tuple[int, int]) -> None:
        self.page.set_viewport_size({"width": size[0], "height": size[1]})
        self.page.emulate_media(color_scheme="dark" if theme == "dark" else "light", reduced_motion="reduce")


def _kind(rule: Rule, thorough: bool) -> str:
    """The kit's pages are alike in all services; only the whole walk looks at each of them."""
    return rule.rule if thorough or not rule.endpoint.startswith("kit_") else f"/*/{rule.rule.split('/', 2)[2]}"


def pages_of(apps: Mapping[str, Flask], *, thorough: bool) -> set[str]:
    """All kinds of pages that there are."""
    return {
        _kind(rule, thorough)
        for app in apps.values()
        for rule in app.url_map.iter_rules()
        if "GET" in (rule.methods or ()) and not NO_PAGE.search(rule.rule)
    }


def enter(browser: Browser, url: str, token: str | None) -> Page:
    """A window in which somebody is logged in."""
    context = browser.new_context(locale="ja-JP", timezone_id="Asia/Tokyo", accept_downloads=False)
    if token:
        context.add_cookies([{"name": "tsudoi_token", "value": token, "url": url}])
    return context.new_page()
