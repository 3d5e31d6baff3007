"""The cards that the sandbox knows, and what each of them does. Public test numbers: no such cards exist."""

from __future__ import annotations

from dataclasses import dataclass

from shared.errors import N_


@dataclass(frozen=True)
class KnownCard:
    """`does`: ok | authentication_failed | not_enrolled | declined."""

    number: str
    brand: str
    does: str
    text: str

    @property
    def spaced(self) -> str:
        return " ".join(self.number[start : start + 4] for start in range(0, len(self.number), 4))


CARDS = (
    KnownCard("4242424242424242", "Visa", "ok", N_("You decide on the 3-D Secure page")),
    KnownCard("5555555555554444", "Mastercard", "ok", N_("You decide on the 3-D Secure page")),
    KnownCard("3530111333300000", "JCB", "ok", N_("You decide on the 3-D Secure page")),
    KnownCard("378282246310005", "American Express", "ok", N_("You decide on the 3-D Secure page")),
    KnownCard("4000000000000127", "Visa", "authentication_failed", N_("3-D Secure always fails")),
    KnownCard("4000000000000069", "Visa", "not_enrolled", N_("Not registered for 3-D Secure")),
    KnownCard("4000000000000002", "Visa", "declined", N_("Declined by the card company")),
)


def card_of(number: str) -> KnownCard | None:
    """By its number, however it was typed."""
    digits = "".join(c for c in number if c.isdigit())
    return next((card for card in CARDS if card.number == digits), None)
