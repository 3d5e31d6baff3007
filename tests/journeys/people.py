"""Who takes part in the story, and how each of them comes in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from playwright.sync_api import expect

from shared.demo import PASSWORD
from tests.journeys.browser import DESKTOP, PHONE, Window
from tests.journeys.installations import Installation, wait_for
from tests.journeys.letters import Letter

ADMINISTRATOR = "admin@demo.example"
ACCOUNTING = "accounting@demo.example"
MEMBER = "member@demo.example"
ENGLISH_MEMBER = "member-en@demo.example"
STUDENT = "student@demo.example"
HONORARY = "honorary@demo.example"
LINK = "/members/password/"
CHOSEN = "a quiet plum tree in snow"  # the password that people set themselves


@dataclass
class Here:
    """An installation and the browser windows that people have open on it. Nobody shares a window with anybody."""

    installation: Installation
    new_window: Callable[[tuple[int, int]], Window]
    invited: set[str] = field(default_factory=set)  # whom the office has sent a login invitation
    _windows: dict[str, Window] = field(default_factory=dict)

    def visitor(self, size: tuple[int, int] = DESKTOP) -> Window:
        """Somebody whom nobody knows yet."""
        window = self.new_window(size)
        self._windows[f"visitor {len(self._windows)}"] = window
        return window

    def person(self, email: str, password: str = PASSWORD) -> Window:
        """Somebody who can log in; they stay logged in, in one window."""
        if email not in self._windows:
            window = self.new_window(DESKTOP)
            log_in(window, email, password)
            self._windows[email] = window
        return self._windows[email]

    def office(self) -> Window:
        """The secretariat 事務局, with all rights."""
        return self.person(ADMINISTRATOR)

    def accountant(self) -> Window:
        return self.person(ACCOUNTING)

    def clerk(self) -> Window:
        """Whoever serves at the sandbox's store counter and bank: no user of Tsudoi."""
        if "clerk" not in self._windows:
            self._windows["clerk"] = self.new_window(DESKTOP)
        return self._windows["clerk"]

    def on_a_phone(self, email: str) -> Window:
        """A member with a phone in their hand."""
        return self.by_link(email, PHONE)

    def by_link(self, email: str, size: tuple[int, int] = DESKTOP) -> Window:
        """Any member of the roster, who sets a password through a mailed link and is logged in by it."""
        if email not in self._windows:
            window = self.new_window(size)
            if email in self.invited:
                window.go(link_of(self.installation.letter(email, LINK)))
            else:
                window.go(password_link(self.installation, window, email))
            set_password(window)
            expect(window.page).to_have_url(f"{window.url}/members/my/")
            self._windows[email] = window
        return self._windows[email]

    def windows(self) -> list[Window]:
        return list(self._windows.values())

    def invite(self, words: str) -> None:
        """The office sends login invitations ログイン案内 to all whom a search finds."""
        office = self.office().go(f"/members/console/members?q={words}")
        found = office.main.locator("tbody tr td", has_text="@").all_inner_texts()
        office.page.click("[data-dialog=all]")
        office.page.click("#all button[formaction$='/invitations']")
        expect(office.main.locator(".alert-good")).to_be_visible()
        self.invited |= {text.strip() for text in found}

    def troubles(self) -> list[str]:
        """What went wrong in any window since the last look."""
        found = [f"{who}: {what}" for who, window in self._windows.items() for what in window.trouble]
        for window in self._windows.values():
            window.trouble.clear()
        return found


def log_in(window: Window, email: str, password: str = PASSWORD) -> None:
    window.go("/members/login")
    window.page.fill("input[name=email]", email)
    window.page.fill("input[name=password]", password)
    window.page.keyboard.press("Enter")
    expect(window.page).not_to_have_url(f"{window.url}/members/login")


def password_link(installation: Installation, window: Window, email: str) -> str:
    """Ask for a link on the login page, and take it out of the letter."""
    known = len(installation.letters_to(email))
    window.go("/members/login")
    window.page.locator("a[href='/members/password']").click()
    window.page.fill("input[name=email]", email)
    window.page.keyboard.press("Enter")
    window.see(email)
    wait_for(lambda: len(installation.letters_to(email)) > known, f"new letter to {email}")
    return link_of(installation.letter(email, LINK))


def link_of(letter: Letter) -> str:
    """The one link of a letter that sets a password."""
    (link,) = [link for link in letter.links if urlsplit(link).path.startswith(LINK)]
    return link


def set_password(window: Window, password: str = CHOSEN) -> None:
    window.page.fill("input[name=password]", password)
    window.page.fill("input[name=again]", password)
    window.page.keyboard.press("Enter")
