"""What the entries of events' audit trail 操作ログ are called."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _

from services.events.models import EventRow
from services.events.pages.words import METHOD_NAMES, REGISTRATION_BADGES, TAX_NAMES
from shared.audit.words import Subject, Trail
from shared.errors import N_
from shared.web.filters import yen


def _word(name: str, value: Any) -> Any:
    if name == "state" and value in REGISTRATION_BADGES:
        return _(REGISTRATION_BADGES[value].text)
    if name == "tax_class":
        return _(TAX_NAMES.get(value, value))
    if name == "methods":
        return _(METHOD_NAMES.get(value, value))
    return yen(value) if name == "fee" and isinstance(value, int) else value


TRAIL = Trail(
    actions={
        "create-event": N_("Created an event"),
        "change-event": N_("Changed an event"),
        "switch-event": N_("Turned switches of an event"),
        "cancel-registration": N_("Cancelled a registration"),
    },
    subjects={
        "event": Subject(N_("Event"), "/events/console/events/{id}", (EventRow.id, EventRow.title)),
        "registration": Subject(N_("Registration")),
    },
    fields={
        "title": N_("Title"),
        "title_en": N_("Title (English)"),
        "venue": N_("Venue"),
        "venue_en": N_("Venue (English)"),
        "description": N_("Description"),
        "description_en": N_("Description (English)"),
        "starts_on": N_("First day"),
        "ends_on": N_("Last day"),
        "capacity": N_("Capacity"),
        "fee": N_("Fee (tax included)"),
        "tax_class": N_("Consumption tax"),
        "registration_until": N_("Registration until"),
        "methods": N_("Methods of payment"),
        "published": N_("Published"),
        "registration_open": N_("Taking registrations"),
        "on_my_page": N_("Listed on My Page"),
        "state": N_("Registration"),
    },
    word=_word,
)
