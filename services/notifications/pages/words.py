"""What states and kinds of letters are called on screen, and a letter's text in pieces for a page."""

from __future__ import annotations

from dataclasses import dataclass

from services.notifications.erasure import WHY
from services.notifications.rendering import LINK, MARK
from shared.errors import N_
from shared.web.badges import Badge

STATE_BADGES = {
    "queued": Badge(N_("Waiting to be sent"), "neutral", "clock"),
    "sending": Badge(N_("Being sent"), "info", "loader"),
    "retrying": Badge(N_("Trying again later"), "warn", "rotate-cw"),
    "sent": Badge(N_("Sent"), "good", "send"),
    "unknown": Badge(N_("Delivery unclear"), "warn", "circle-question-mark"),
    "bounced": Badge(N_("No such mailbox"), "bad", "mail-x"),
    "failed": Badge(N_("Not delivered"), "bad", "circle-alert"),
    "cancelled": Badge(N_("Not needed any more"), "neutral", "ban"),
}

KIND_NAMES = {
    "invoice-created": N_("Invoice"),
    "instructions-konbini": N_("How to pay at a store"),
    "instructions-bank": N_("How to pay by bank transfer"),
    "request-expired": N_("Payment number expired"),
    "receipt-issued": N_("Receipt"),
    "credit-changed": N_("Credit"),
    "password-welcome": N_("First password"),
    "password-reset": N_("New password"),
    "request-arrived": N_("Request of a member"),
    "request-decided": N_("Decision on a request"),
    "announcement-published": N_("Announcement"),
    "email-link": N_("New e-mail address: the link"),
    "email-known": N_("New e-mail address that is known"),
    "email-changed": N_("E-mail address changed"),
    "application-link": N_("Application: the link"),
    "application-known": N_("Application from a known address"),
    "application-received": N_("Application received"),
    "application-arrived": N_("Application has arrived"),
    "member-admitted": N_("Admission"),
    "registration-confirmed": N_("Registration confirmed"),
    "registration-cancelled": N_("Registration cancelled"),
    "deposit-unidentified": N_("Unidentified deposit"),
}

REASONS = {
    "in-app mailbox": N_("Put into the mailbox of this installation"),
    "no e-mail address": N_("The recipient has no e-mail address"),
    "the e-mail address is not usable": N_("The e-mail address can't be used"),
    "the invoice was cancelled": N_("The invoice was cancelled in the meantime"),
    "the invoice was paid": N_("The invoice was paid in the meantime"),
    "nothing is due": N_("There is nothing left to pay"),
    WHY: N_("The data of this person was erased"),
    "the recipient is not known here yet": N_("Waiting for the recipient's data"),
    "the invoice is not known here yet": N_("Waiting for the invoice's data"),
}


@dataclass(frozen=True)
class Piece:
    """Some lines of a letter, or one link with what it is for."""

    text: str
    link: str | None = None


def pieces(text: str) -> list[Piece]:
    """A letter's text with its links taken out, so that a page can show them as buttons."""
    found: list[Piece] = []
    lines: list[str] = []
    label = ""
    for line in text.splitlines():
        if line.startswith(MARK):
            label = line.removeprefix(MARK)
        elif LINK.fullmatch(line):
            found += [Piece("\n".join(lines)), Piece(label or line, line)]
            lines, label = [], ""
        else:
            lines.append(line)
    found.append(Piece("\n".join(lines)))
    return [piece for piece in found if piece.text.strip()]
