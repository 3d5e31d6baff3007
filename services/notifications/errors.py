"""What can go wrong with letters, in words for staff."""

from __future__ import annotations

from shared.errors import N_, Kind, TsudoiError


class LetterNotResendable(TsudoiError):
    kind = Kind.CONFLICT
    text = N_("Only a letter whose delivery failed can be sent again.")


class NoMailbox(TsudoiError):
    """Where letters go out by SMTP, nobody reads them here."""

    kind = Kind.NOT_FOUND
    text = N_("There is no mailbox here: letters are sent by mail.")
