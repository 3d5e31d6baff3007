"""Links that are keys: whoever opens a password link takes over the account. Not every role sees them in sent mail."""

from __future__ import annotations

from services.notifications.models import LetterRow
from shared.identity import Principal, Role
from shared.people import PersonRow
from shared.uow import UnitOfWork

APPLICATION = "application-link"
SECRET = ("password-welcome", "password-reset", APPLICATION)
HIDDEN = "https://…"


def hides_link(uow: UnitOfWork, letter: LetterRow, who: Principal) -> bool:
    """Administrators see all of them. Member affairs finish for members (M4), but not for those who work for the
    office: their links would be a ladder to their roles. The others only read."""
    if letter.kind not in SECRET or who.may(Role.ADMINISTRATOR):
        return False
    if letter.facts.get("staff"):
        return True
    if letter.kind == APPLICATION:
        return not who.may(Role.AFFAIRS)
    person = uow.session.get(PersonRow, letter.person_id) if letter.person_id else None
    return not who.may(Role.AFFAIRS) or person is None or person.kind == "guest"


def text_for(uow: UnitOfWork, letter: LetterRow, who: Principal) -> str | None:
    """The text as this reader may see it."""
    if letter.text is None or not hides_link(uow, letter, who):
        return letter.text
    return letter.text.replace(str(letter.facts.get("link", "")), HIDDEN)
