"""Single values of a person, as people write them, in the one form that is stored. Each raises BadValue."""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from functools import lru_cache
from typing import Any

from email_validator import EmailNotValidError, validate_email

from services.members.standings.words import BY_WORD, fold_word
from shared.errors import N_
from shared.japan.kana import fold_kana, is_katakana
from shared.japan.postcode import normalise_postcode

_DATE = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?")
_COMPACT_DATE = re.compile(r"(\d{4})(\d{2})(\d{2})")
_ERA_DATE = re.compile(r"(明治|大正|昭和|平成|令和|M|T|S|H|R)\.?(\d{1,2}|元)[-/.年](\d{1,2})[-/.月](\d{1,2})日?", re.I)
_ERA_STARTS = {
    "明治": 1868,
    "m": 1868,
    "大正": 1912,
    "t": 1912,
    "昭和": 1926,
    "s": 1926,
    "平成": 1989,
    "h": 1989,
    "令和": 2019,
    "r": 2019,
}
_MIDNIGHT = re.compile(r"[T ]00?:00(:00)?$")
_PHONE = re.compile(r"\+?[0-9][0-9\-() .]{5,28}")
_FOREIGN_POSTCODE = re.compile(r"(?=.*[A-Z0-9])[A-Z0-9][A-Z0-9 \-]{2,14}")
_OLD_PHONE_ADDRESS = re.compile(
    r"[a-z0-9_.+\-]{1,64}@(docomo|ezweb|[a-z.]*vodafone|softbank|i\.softbank|au)\.(ne\.jp|com)"
)
_PLAIN_LOCAL = re.compile(r"[a-z0-9_+\-]+(\.[a-z0-9_+\-]+)*")
_LANGUAGES = {"ja": "ja", "日本語": "ja", "japanese": "ja", "en": "en", "英語": "en", "english": "en"}
KIND_WORDS = {"individual": ("個人", "Individual"), "corporate": ("法人", "Corporate")}  # Japanese, English
_KINDS = {
    **{fold_word(word): kind for kind, words in KIND_WORDS.items() for word in (kind, *words)},
    **dict.fromkeys(map(fold_word, ("個人会員", "Individual member")), "individual"),
    **dict.fromkeys(map(fold_word, ("法人会員", "団体", "団体会員", "Corporate member")), "corporate"),
}
FIRST_DAY, LAST_DAY = date(1868, 1, 1), date(2199, 12, 31)
LONGEST = 500
LONGEST_NOTE = 5_000
LONGEST_NUMBER = 30


class BadValue(ValueError):
    """What is wrong with one value: a sentence marked with `N_`, and what it is about."""

    def __init__(self, text: str, **params: Any) -> None:
        super().__init__(text)
        self.text = text
        self.params = params


def plain_text(text: str, longest: int = LONGEST) -> str:
    if len(text) > longest:
        raise BadValue(N_("Please use at most %(max)s characters."), max=longest)
    return text


def note(text: str) -> str:
    return plain_text(text, LONGEST_NOTE)


def number(text: str) -> str | None:
    """A member number 会員番号 in half width."""
    folded = unicodedata.normalize("NFKC", text).strip()
    if len(folded) > LONGEST_NUMBER or any(c.isspace() for c in folded):
        raise BadValue(N_("A member number has at most %(max)s characters and no spaces."), max=LONGEST_NUMBER)
    return folded or None


def name(text: str) -> str:
    if not text:
        raise BadValue(N_("Please fill this in."))
    if "\n" in text:
        raise BadValue(N_("A name stands on one line."))
    return plain_text(text, 200)


def kana(text: str) -> str:
    """The reading 氏名カナ: hiragana and half width become full-width katakana."""
    folded = fold_kana(text)
    if folded and not is_katakana(folded):
        raise BadValue(N_("A reading is written in katakana: “%(value)s” is not."), value=text[:50])
    return plain_text(folded, 200)


def roman(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text)
    if not folded.isascii() and any(ord(c) >= 0x2E80 for c in folded):
        raise BadValue(N_("The name in roman letters holds other characters: “%(value)s”."), value=text[:50])
    return plain_text(folded, 200)


def email(text: str) -> str | None:
    """In lower case. Addresses of old mobile phones (ta..ro@docomo.ne.jp) exist although no standard allows them."""
    folded = unicodedata.normalize("NFKC", text).strip().lower()
    if not folded:
        return None
    if _OLD_PHONE_ADDRESS.fullmatch(folded):
        return folded
    local, _, domain = folded.rpartition("@")
    if len(local) <= 64 and _PLAIN_LOCAL.fullmatch(local) and _is_domain(domain):
        return folded
    try:
        return validate_email(folded, check_deliverability=False, allow_smtputf8=False).normalized.lower()
    except EmailNotValidError as error:
        raise BadValue(N_("“%(value)s” is not a valid e-mail address."), value=text[:100]) from error


@lru_cache(maxsize=20_000)
def _is_domain(domain: str) -> bool:
    """Looked at once for the thousands of addresses of one university."""
    try:
        return validate_email(f"a@{domain}", check_deliverability=False).ascii_domain == domain
    except EmailNotValidError:
        return False


@lru_cache(maxsize=20_000)
def day(text: str) -> date | None:
    """2026-04-01, 2026/4/1, 2026年4月1日, 20260401, 令和8年4月1日, R8.4.1."""
    if not text:
        return None
    folded = _MIDNIGHT.sub("", unicodedata.normalize("NFKC", text).strip()).replace(" ", "")
    if match := _DATE.fullmatch(folded) or _COMPACT_DATE.fullmatch(folded):
        year = int(match[1])
    elif match := _ERA_DATE.fullmatch(folded):
        year = _ERA_STARTS[match[1].lower()] - 1 + (1 if match[2] == "元" else int(match[2]))
    else:
        raise BadValue(N_("“%(value)s” is not a date. Write it such as 2026-04-01."), value=text[:50])
    try:
        found = date(year, int(match[match.re.groups - 1]), int(match[match.re.groups]))
        if not FIRST_DAY <= found <= LAST_DAY:
            raise ValueError
        return found
    except ValueError as error:
        raise BadValue(N_("There is no such day: “%(value)s”."), value=text[:50]) from error


def standing(text: str) -> str:
    found = BY_WORD.get(fold_word(text))
    if found is None:
        raise BadValue(N_("The standing “%(value)s” is not known."), value=text[:50])
    return found


def kind(text: str) -> str:
    found = _KINDS.get(fold_word(text))
    if found is None:
        raise BadValue(N_("“%(value)s” is neither an individual nor a corporate member."), value=text[:50])
    return found


def language(text: str) -> str:
    found = _LANGUAGES.get(fold_word(text))
    if found is None:
        raise BadValue(N_("The language is “ja” or “en”, not “%(value)s”."), value=text[:50])
    return found


def postcode(text: str) -> str:
    """NNN-NNNN, or a foreign one."""
    if not text:
        return ""
    found = normalise_postcode(text)
    if found:
        return found
    foreign = unicodedata.normalize("NFKC", text).upper().strip()
    if _FOREIGN_POSTCODE.fullmatch(foreign) and not re.fullmatch(r"[0-9\-]{6,9}", foreign):
        return foreign
    raise BadValue(N_("“%(value)s” is not a postal code. Write it such as 100-0001."), value=text[:50])


def phone(text: str) -> str:
    folded = re.sub(r"[‐‑–—―−ー]", "-", unicodedata.normalize("NFKC", text)).strip()
    if folded and not _PHONE.fullmatch(folded):
        raise BadValue(N_("“%(value)s” is not a telephone number."), value=text[:50])
    return folded
