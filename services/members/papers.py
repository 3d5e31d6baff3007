"""Cards 会員証 and certificates 会員証明書 as PDF: facts in, finished texts for the layouts out; and their QR."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

from services.members.cards import Card
from services.members.models import CertificateRow
from services.members.qr import qr
from services.members.standings.words import STANDINGS
from shared.documents import render_pdf
from shared.errors import N_
from shared.japan.calendar import wareki
from shared.japan.papers import day_on_paper, honorific
from shared.society import SocietyRow
from shared.web.i18n import translate

LAYOUTS = Path(__file__).parent / "documents"
CARD = LAYOUTS / "card.typ"
CERTIFICATE = LAYOUTS / "certificate.typ"
LABELS = {
    "card": N_("Membership card"),
    "certificate": N_("Certificate of membership"),
    "name": N_("Name"),
    "member_number": N_("Member number"),
    "category": N_("Category"),
    "standing": N_("Standing"),
    "joined_on": N_("Member since"),
    "periods": N_("Period of membership"),
    "valid_until": N_("Valid until"),
    "phone": N_("Tel."),
    "seal": N_("Seal"),
    "check_card": N_("The QR code shows whether this person is a member today."),
    "check_certificate": N_("The QR code shows whether we have issued this certificate, and what it states."),
}
Say = Callable[..., str]


def verification_address(public_url: str, token: str) -> str:
    """In the query, which no access log keeps."""
    return f"{public_url.rstrip('/')}/members/verify?code={token}"


def print_card(card: Card, society: SocietyRow, language: str, *, address: str | None) -> bytes:
    """`address`: what the QR leads to; None: without a QR."""
    return render_pdf(CARD, card_words(card, society, language, address=address))


def print_certificate(row: CertificateRow, *, address: str) -> bytes:
    """The same bytes each time."""
    words = certificate_words(row.facts, row.language, number=row.number, issued_on=row.issued_on, address=address)
    return render_pdf(CERTIFICATE, words, timestamp=row.issued_at)


def card_words(card: Card, society: SocietyRow, language: str, *, address: str | None) -> dict[str, Any]:
    """What the layout of the card prints."""
    member = card.member
    name = member.name_in(language)
    return {
        "language": language,
        "t": _labels(language),
        "society": {"name": _in(language, society.name, society.name_en)},
        "name": name,
        "kana": member.kana if language == "ja" else "",
        "beside": member.roman if language == "ja" else member.name if member.name != name else "",
        "number": member.number or "",
        "category": card.category.name_in(language) if card.category else "",
        "valid_until": day_on_paper(card.valid_until, language),
        "qr": qr(address) if address else "",
    }


def certificate_words(
    facts: dict[str, Any], language: str, *, number: int, issued_on: date, address: str
) -> dict[str, Any]:
    """What the layout of the certificate prints."""

    def say(text: str, **params: Any) -> str:
        return translate(text, params or {"": ""}, language, package="services.members")

    english = language == "en"
    society = _in(language, facts["society"]["name"], facts["society"]["name_en"])
    name = facts["name_en"] if english else facts["name"]
    return {
        "language": language,
        "t": _labels(language),
        "number": certificate_number(number, language),
        "issued_on": day_on_paper(issued_on, language) + ("" if english else f"（{wareki(issued_on)}）"),
        "addressee": say(N_("To whom it may concern")) if english else name,
        "honorific": honorific(language, corporate=facts["corporate"]),
        "rows": _rows(facts, language, name, say),
        "sentence": say(MEMBER if facts["is_member"] else WAS_MEMBER, society=society),
        "society": {**facts["society"], "name": society},
        "signatory": _in(language, facts["signatory"], facts["signatory_en"]),
        "qr": qr(address),
    }


MEMBER = N_("We certify that the above-named is a member of %(society)s.")
WAS_MEMBER = N_("We certify that the above-named was a member of %(society)s in the period stated above.")


def certificate_number(number: int, language: str) -> str:
    return translate(N_("Issue No. %(number)s"), {"number": number}, language, package="services.members")


def period_words(facts: dict[str, Any], language: str) -> list[str]:
    """Each period, with the days that are known."""
    return [_period(begins, ends, language) for begins, ends in facts["periods"] if begins or ends]


def _rows(facts: dict[str, Any], language: str, name: str, say: Say) -> list[list[str]]:
    """(label, what it says); what is not known is left out."""
    periods = facts["periods"]
    since = facts["is_member"] and len(periods) == 1
    days = [_day(periods[0][0], language)] if since else period_words(facts, language)
    standing = say(STANDINGS[facts["standing"]])
    if facts["leaves_on"]:
        standing = say(N_("%(standing)s (until %(day)s)"), standing=standing, day=_day(facts["leaves_on"], language))
    rows = [
        ("name", name),
        ("member_number", facts["member_number"] or ""),
        ("category", _in(language, facts["category"], facts["category_en"])),
        ("joined_on" if since else "periods", "\n".join(days)),
        ("standing", standing if facts["is_member"] else ""),
    ]
    return [[say(LABELS[label]), text] for label, text in rows if text]


def _period(begins: str | None, ends: str | None, language: str) -> str:
    return f"{_day(begins, language)} {'–' if language == 'en' else '〜'} {_day(ends, language)}".strip()


def _day(text: str | None, language: str) -> str:
    return day_on_paper(date.fromisoformat(text), language) if text else ""


def _in(language: str, japanese: str, english: str) -> str:
    return (english or japanese) if language == "en" else japanese


def _labels(language: str) -> dict[str, str]:
    return {name: translate(text, {"": ""}, language, package="services.members") for name, text in LABELS.items()}
