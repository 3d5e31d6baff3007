"""Links that are keys: whoever opens a password link takes over the account, so not every role may see them in sent mail."""

from __future__ import annotations

from services.notifications.models import LetterRow
from shared.identity import Principal, Role

SECRET = ("password-welcome", "password-reset")
MAY_SEE_LINKS = (Role.ADMINISTRATOR, Role.AFFAIRS)  # they finish for the person (M4); the others read only
RESENDERS = (Role.ADMINISTRATOR, Role.AFFAIRS, Role.ACCOUNTING, Role.EVENTS)
HIDDEN = "https://…"


def hides_link(letter: LetterRow, who: Principal) -> bool:
    return letter.kind in SECRET and not who.may(*MAY_SEE_LINKS)


def text_for(letter: LetterRow, who: Principal) -> str | None:
    """The text as this reader may see it."""
    if letter.text is None or not hides_link(letter, who):
        return letter.text
    return letter.text.replace(str(letter.facts.get("link", "")), HIDDEN)
