"""Who may do what with events: roles by the names of `shared/capabilities/capabilities.toml`."""

from __future__ import annotations

from shared.capabilities import may
from shared.errors import Forbidden
from shared.identity import Principal

EVENTS_SEE = may("see-events")
EVENTS_CHANGE = may("change-events")
TAKE_PART = may("take-part")


def own_person(who: Principal) -> str:
    """The person behind an account. Raises Forbidden for accounts without one (staff who are no members)."""
    if who.person_id is None:
        raise Forbidden
    return who.person_id
