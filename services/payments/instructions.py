"""How to pay at each chain's till, in the order of what the payer does there."""

from __future__ import annotations

from shared.errors import N_

_KEEP = N_("Pay in cash and keep the receipt.")
_TILL = N_("Take the printed slip to the till within 30 minutes.")
_NUMBER = N_("Enter the number above.")
_CONFIRMATION = N_("Enter the confirmation number above, and check the amount.")

STEPS = {
    "seven_eleven": (
        N_("At the till, say that you want to make an internet payment."),
        N_("Show this page, or read out the 13-digit slip number."),
        _KEEP,
    ),
    "lawson": (N_("On the Loppi terminal, choose “I have a number”."), _NUMBER, _CONFIRMATION, _TILL, _KEEP),
    "ministop": (N_("On the Loppi terminal, choose “I have a number”."), _NUMBER, _CONFIRMATION, _TILL, _KEEP),
    "familymart": (
        N_("On the multi-copy machine, choose “Pay a bill”, then “Enter a number”."),
        _NUMBER,
        _CONFIRMATION,
        _TILL,
        _KEEP,
    ),
    "seicomart": (
        N_("At the till, say that you want to make an internet payment."),
        N_("Enter both numbers above on the screen at the till."),
        _KEEP,
    ),
}

ACCOUNT_TYPES = {"1": N_("Ordinary"), "2": N_("Current"), "4": N_("Savings")}

FAILURES = {
    "authentication_failed": N_("The identity check of your card (3-D Secure) failed."),
    "not_enrolled": N_("This card is not registered for the identity check (3-D Secure)."),
    "declined": N_("The card company declined the payment. Nothing was charged."),
    "refused": N_("The payment could not be started. Nothing was charged."),
}
