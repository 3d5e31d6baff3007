"""Who may do what with events."""

from __future__ import annotations

from shared.errors import Forbidden
from shared.identity import Principal, Role

EVENTS_SEE = (Role.ADMINISTRATOR, Role.EVENTS, Role.READER)
EVENTS_CHANGE = (Role.ADMINISTRATOR, Role.EVENTS)


def own_person(who: Principal) -> str:
    """The person behind an account. Raises Forbidden for accounts without one (staff who are no members)."""
    if who.person_id is None:
        raise Forbidden
    return who.person_id
