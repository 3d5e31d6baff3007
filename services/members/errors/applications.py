"""Errors of applying."""

from __future__ import annotations

from shared.errors import N_, Kind, TsudoiError


class NoTerms(TsudoiError):
    kind = Kind.CONFLICT
    text = N_("This society does not take applications online yet.")


class TermsChanged(TsudoiError):
    kind = Kind.CONFLICT
    text = N_("The terms have been changed meanwhile. Please read them once more.")


class VerificationPending(TsudoiError):
    """Staff may not go ahead of somebody who is about to apply themselves (M4)."""

    kind = Kind.CONFLICT
    text = N_(
        "A verification mail to this address is valid for another %(hours)s hours %(minutes)s minutes. "
        "Take its link back under “Applications”, or let the person finish."
    )


class AlreadySent(TsudoiError):
    """Staff wanted to take a link back."""

    kind = Kind.CONFLICT
    text = N_("The application was sent with this link already. It waits for your decision under “Applications”.")


class NotApplying(TsudoiError):
    kind = Kind.CONFLICT
    text = N_("%(name)s is not applying any more: somebody has decided already.")
