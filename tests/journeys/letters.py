"""Letters as their reader gets them: from the trial mailbox of onebox, or from the mail that the stack sent."""

from __future__ import annotations

import email
import re
from collections.abc import Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import default
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Protocol

import requests

_LINK = re.compile(r"https?://[^\s<>\"]+")


@dataclass(frozen=True)
class Letter:
    """One letter. `text` is the plain text, `links` the addresses in it, in order."""

    to: str
    subject: str
    text: str

    @property
    def links(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(_LINK.findall(self.text)))


class Postman(Protocol):
    """Where the letters of an installation are found."""

    def letters_to(self, address: str) -> Sequence[Letter]:
        """The letters to an address, oldest first."""
        ...


class MailFolder:
    """The stack's letters: one .eml file each."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._read: dict[str, list[Letter]] = {}
        self._known: set[str] = set()

    def letters_to(self, address: str) -> Sequence[Letter]:
        for path in sorted(self.folder.glob("*.eml")):
            if path.name not in self._known:
                self._known.add(path.name)
                letter = _letter_of(path)
                self._read.setdefault(letter.to, []).append(letter)
        return tuple(self._read.get(address, ()))


def _letter_of(path: Path) -> Letter:
    message = email.message_from_bytes(path.read_bytes(), policy=default)
    assert isinstance(message, EmailMessage)
    plain, rich = message.get_body(("plain",)), message.get_body(("html",))
    assert plain is not None and rich is not None, "every letter has both parts (N5)"
    return Letter(message["X-Envelope-To"].strip(), str(message["Subject"]), plain.get_content())


class TrialMailbox:
    """Onebox's letters: its mailbox page, read as a person reads it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._opened: dict[str, Letter] = {}
        self._session = requests.Session()

    def letters_to(self, address: str) -> Sequence[Letter]:
        found = self._page("/notifications/mailbox", q=address)
        links = re.findall(r'href="(/notifications/mailbox/[^"]+)"', found)
        letters = [self._open(link) for link in dict.fromkeys(links)]
        return tuple(letter for letter in reversed(letters) if letter.to == address)

    def _open(self, link: str) -> Letter:
        if link not in self._opened:
            page = _Words()
            page.feed(self._page(link))
            to = re.search(r"<([^<>\s]+@[^<>\s]+)>", unescape(page.head))
            assert to is not None, page.head
            self._opened[link] = Letter(to[1], page.subject.strip(), page.text)
        return self._opened[link]

    def _page(self, path: str, **query: str) -> str:
        answer = self._session.get(self.url + path, params=query, headers={"Accept-Language": "ja"}, timeout=30)
        answer.raise_for_status()
        return answer.text


class _Words(HTMLParser):
    """A letter's page: its subject, its head and its words."""

    def __init__(self) -> None:
        super().__init__()
        self.subject = self.head = self.text = ""
        self._in: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        classes = dict(attrs).get("class") or ""
        if tag in ("header", "h1", "code") or "letter-text" in classes or "letter-link" in classes:
            self._in.append("letter" if tag == "p" else tag)

    def handle_endtag(self, tag: str) -> None:
        if self._in and self._in[-1] == ("letter" if tag == "p" else tag):
            self._in.pop()

    def handle_data(self, data: str) -> None:
        if "h1" in self._in:
            self.subject += data
        elif "header" in self._in:
            self.head += data
        elif "letter" in self._in:
            self.text += f"\n{data}\n" if "code" in self._in else data
