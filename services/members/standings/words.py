"""Standings 会員状況: their words, who may log in, and whom they make a member."""

from __future__ import annotations

import unicodedata

from shared.errors import N_
from shared.identity import Role

STANDINGS = {
    "applying": N_("Applying"),
    "active": N_("Active"),
    "on_leave": N_("On leave"),
    "leaving": N_("Leaving"),
    "left": N_("Left"),
    "withdrawn_application": N_("Application withdrawn"),
    "expelled": N_("Expelled"),
}
MEMBERSHIP = frozenset({"active", "on_leave", "leaving"})
CURRENT = MEMBERSHIP - {"on_leave"}  # whose card shows them as a member today
ENDED = frozenset({"left", "withdrawn_application", "expelled"})  # they log in no more
_WORDS = {
    "applying": ("申請中", "Applying"),
    "active": ("在会", "入会", "入会/在会", "会員", "Active", "Member"),
    "on_leave": ("休会", "On leave"),
    "leaving": ("退会予定", "Leaving"),
    "left": ("退会", "Left"),
    "withdrawn_application": ("申請取下", "Application withdrawn"),
    "expelled": ("除名", "Expelled"),
}


def fold_word(text: str) -> str:
    """What two spellings of one word in a file have in common: width, case and spaces do not count."""
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())


BY_WORD = {fold_word(word): code for code, words in _WORDS.items() for word in (code, *words)}


def role_of(kind: str, standing: str) -> Role | None:
    """What a person may on My Page; None: nothing any more."""
    if standing in ENDED:
        return None
    if kind == "guest":
        return Role.GUEST
    return Role.APPLICANT if standing == "applying" else Role.MEMBER
