"""What states are called on screen."""

from __future__ import annotations

from services.events.participants import PAYMENT_WORDS, STATE_WORDS
from shared.errors import N_
from shared.money import TaxClass
from shared.web.badges import Badge

REGISTRATION_BADGES = {
    "placed": Badge(STATE_WORDS["placed"], "warn", "clock"),
    "confirmed": Badge(STATE_WORDS["confirmed"], "good", "check"),
    "cancelled": Badge(STATE_WORDS["cancelled"], "neutral", "ban"),
}

_TONES = {
    "": "neutral",
    "unpaid": "info",
    "part_paid": "warn",
    "paid": "good",
    "nothing_due": "neutral",
    "cancelled": "neutral",
}
PAYMENT_BADGES = {state: Badge(word, _TONES[state]) for state, word in PAYMENT_WORDS.items()}

METHOD_NAMES = {"card": N_("Credit card"), "konbini": N_("Convenience store"), "bank_transfer": N_("Bank transfer")}

TAX_NAMES = {
    TaxClass.STANDARD.value: N_("Taxable, 10 %"),
    TaxClass.REDUCED.value: N_("Taxable, 8 % (reduced)"),
    TaxClass.OUT_OF_SCOPE.value: N_("Out of scope of consumption tax"),
    TaxClass.EXEMPT.value: N_("Exempt from consumption tax"),
    TaxClass.EXPORT.value: N_("Export (0 %)"),
}
