"""Errors of mailed links: each says what is wrong with this one and what to do next."""

from __future__ import annotations

from shared.errors import N_, Kind, TsudoiError


class LinkUnusable(TsudoiError):
    """A mailed link that cannot be used; says why, and what to do next."""

    kind = Kind.GONE
    reason = "unknown"
    text = N_("This link is not valid. Please have a new one sent.")


class LinkTruncated(LinkUnusable):
    reason = "truncated"
    text = N_("This link is incomplete: a mail program may have broken it. Please copy the whole link from the mail.")


class LinkExpired(LinkUnusable):
    reason = "expired"
    text = N_("This link has expired: links are valid for 24 hours. Please have a new one sent.")


class LinkSuperseded(LinkUnusable):
    reason = "superseded"
    text = N_("A newer link was sent after this one, and only the newest is valid. Please open the newest mail.")


class LinkUsed(LinkUnusable):
    reason = "used"
    text = N_(
        "This link was used already: the password is set. Please log in, or have a new link sent if you forgot it."
    )


class ApplicationSent(LinkUnusable):
    reason = "used"
    text = N_("Your application was sent with this link already. The office has it, and will write to you.")


class ApplicationVoided(LinkUnusable):
    reason = "voided"
    text = N_("The office has taken this link back. Please ask the office, or start again.")


class AlreadyKnown(LinkUnusable):
    """Whoever holds the link has shown that the address is theirs: they may be told."""

    reason = "known"
    text = N_("This e-mail address is registered already. Please log in, or set a new password.")


class EmailChangeDone(LinkUnusable):
    reason = "used"
    text = N_("This link was used already: your new e-mail address is registered. Please log in with it.")


class SomebodyElse(LinkUnusable):
    """The link is good, but not for whoever is logged in."""

    kind = Kind.FORBIDDEN
    reason = "somebody-else"
    text = N_(
        "You are logged in as somebody else. Please log out, log in with your old e-mail address, "
        "and open this link once more: it stays valid."
    )


class AddressTaken(LinkUnusable):
    reason = "taken"
    text = N_("This e-mail address was registered by somebody else meanwhile. Nothing was changed.")


class AddressChanged(LinkUnusable):
    reason = "address-changed"
    text = N_("Your registered e-mail address has changed since then. Please have a link sent to the new address.")
