"""A letter is written when it goes out: to the person as they are then, with facts that still hold."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from services.notifications.erasure import WHY as ERASED_SINCE
from services.notifications.erasure import forget_letter
from services.notifications.models import LetterRow
from services.notifications.notes import newest_event, newest_invoice, why_pointless
from services.notifications.rendering import LANGUAGES, render
from shared.people import ERASED, PersonRow, who_is
from shared.society import SocietyRow
from shared.uow import UnitOfWork

STRANGER = {"ja": "入会申込者", "en": "applicant"}  # somebody of whom only the address is known
ASKS_FOR_MONEY = ("invoice-created", "instructions-konbini", "instructions-bank", "request-expired")

# RFC 5321 without quoting; also the dots in odd places that Japanese phone companies once gave out.
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")
# Control characters, line and paragraph separators, direction marks: nothing of this belongs into a header.
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]+")


@dataclass(frozen=True)
class NotNow:
    """The letter can't be written yet: a fact that it needs has not arrived."""

    why: str


@dataclass(frozen=True)
class NotAtAll:
    """The letter shall not go out. `state`: cancelled (pointless now) or failed (nobody to send it to)."""

    state: str
    why: str


@dataclass(frozen=True)
class _Recipient:
    name: str
    address: str
    language: str
    honorific: str
    number: str | None = None


def write(uow: UnitOfWork, letter: LetterRow, public_url: str) -> NotNow | NotAtAll | None:
    """Fill in recipient, subject and text as of now; None when it is written."""
    if _was_erased(uow, letter):
        forget_letter(letter)
        return NotAtAll("cancelled", ERASED_SINCE)
    recipient = _recipient(uow, letter)
    if recipient is None:
        return NotNow("the recipient is not known here yet")
    if not recipient.address:
        return NotAtAll("failed", "no e-mail address")
    if not is_usable_address(recipient.address):
        return NotAtAll("failed", "the e-mail address is not usable")
    invoice = newest_invoice(uow, letter.invoice_id, letter.person_id) if letter.invoice_id else None
    if letter.kind in ASKS_FOR_MONEY:
        if invoice is None:
            return NotNow("the invoice is not known here yet")
        if pointless := why_pointless(invoice):
            return NotAtAll("cancelled", pointless)
    rendered = render(letter.kind, recipient.language, _facts(uow, letter, recipient, invoice, public_url))
    letter.name, letter.address, letter.language = recipient.name, recipient.address, recipient.language
    letter.subject, letter.text = one_line(rendered.subject), rendered.text
    return None


def _was_erased(uow: UnitOfWork, letter: LetterRow) -> bool:
    person = uow.session.get(PersonRow, letter.person_id) if letter.person_id else None
    return person is not None and person.kind == ERASED


def is_usable_address(address: str) -> bool:
    """Can it stand in an SMTP envelope? Says nothing about whether it exists."""
    return len(address) <= 254 and _ADDRESS.fullmatch(address) is not None


def one_line(text: str) -> str:
    """For headers: no line can be begun in it."""
    return " ".join(_UNPRINTABLE.sub(" ", text).split())


def sender_of(society: SocietyRow, public_url: str) -> tuple[str, str]:
    """(name, address) from which a society writes: its office, or else no-reply at this installation."""
    host = urlsplit(public_url).hostname or "localhost"
    address = society.email if is_usable_address(society.email) else f"no-reply@{_domain(host)}"
    return one_line(society.name), address


def message_id_of(letter: LetterRow, public_url: str) -> str:
    return f"<{letter.id}@{_domain(urlsplit(public_url).hostname or 'localhost')}>"


def _domain(host: str) -> str:
    """An address literal is no domain."""
    return "localhost" if re.fullmatch(r"[0-9.]+|.*:.*", host) else host


def _recipient(uow: UnitOfWork, letter: LetterRow) -> _Recipient | None:
    if letter.person_id is None:
        society, to = uow.society, letter.facts.get("to")
        if to:
            language = to["language"] if to["language"] in LANGUAGES else "ja"
            return _Recipient(one_line(to.get("name") or STRANGER[language]), to["email"], language, "様")
        return _Recipient(f"{society.name}事務局", society.email, "ja", "御中")
    person = who_is(uow, letter.person_id)
    if person is None:
        return None
    language = person.language if person.language in LANGUAGES else "ja"
    honorific = "御中" if person.kind == "corporate" else "様"
    name = one_line(person.name_in(language))
    return _Recipient(name, person.email.strip(), language, honorific, person.number or None)


def _facts(
    uow: UnitOfWork, letter: LetterRow, recipient: _Recipient, invoice: dict[str, Any] | None, public_url: str
) -> dict[str, Any]:
    society, language, about = uow.society, recipient.language, letter.facts
    base = public_url.rstrip("/")
    return {
        "recipient": {"name": recipient.name, "honorific": recipient.honorific, "number": recipient.number},
        "society": {
            "name": one_line((society.name_en or society.name) if language == "en" else society.name),
            "address": society.address,
            "phone": society.phone,
            "email": society.email,
            "zone": society.zone,
        },
        "about": _in_language(_plain(about), language),
        "invoice": _in_language(_plain(invoice or {}), language),
        "event": _in_language(_plain(newest_event(uow, about["event_id"]) if "event_id" in about else {}), language),
        "links": {
            "my": f"{base}/members/my/",
            "pay": f"{base}/payments/my/pay/{letter.invoice_id or ''}",
            "receipt": f"{base}/billing/my/receipts/{about.get('receipt_id', '')}.pdf",
            "event": f"{base}/events/my/events/{about.get('event_id', '')}",
            "events": f"{base}/events/my/events",
            "deposits": f"{base}/payments/console/deposits",
            "applications": f"{base}/members/console/applications",
            "requests": f"{base}/members/console/requests",
            "announcement": f"{base}/members/my/announcements/{about.get('announcement_id', '')}",
        },
    }


def _plain(facts: dict[str, Any]) -> dict[str, Any]:
    """Texts on one line each: no title can add a line, and so a link, of its own to a letter."""
    return {
        name: one_line(fact) if isinstance(fact, str) else _plain(fact) if isinstance(fact, dict) else fact
        for name, fact in facts.items()
    }


def _in_language(facts: dict[str, Any], language: str) -> dict[str, Any]:
    """`title` and `venue` in the reader's language where both are given."""
    if language != "en":
        return facts
    return {**facts, **{name: facts[f"{name}_en"] for name in ("title", "venue") if facts.get(f"{name}_en")}}
