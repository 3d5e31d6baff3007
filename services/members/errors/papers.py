"""Errors of cards, certificates and history records."""

from __future__ import annotations

from shared.errors import N_, Kind, TsudoiError


class CodeNotValid(TsudoiError):
    """Wrong, cut off, replaced or revoked: one sentence for all, so that nobody learns which."""

    kind = Kind.NOT_FOUND
    text = N_(
        "This code is not valid, or not any more. Please ask the holder to show the present code, or ask the office."
    )


class NoCardToday(TsudoiError):
    kind = Kind.CONFLICT
    text = N_("Membership cards and certificates of membership are for those who are members today.")


class NeverMember(TsudoiError):
    kind = Kind.CONFLICT
    text = N_("No membership with its days is on record for %(name)s, so there is nothing to certify.")


class RecordExists(TsudoiError):
    """Member, kind, title and days tell a record from all others."""

    kind = Kind.CONFLICT
    text = N_("The member has a record of this kind, title and time already.")


class RecordKindExists(TsudoiError):
    kind = Kind.CONFLICT
    text = N_("There is a kind with this name already.")


class RecordKindInUse(TsudoiError):
    kind = Kind.CONFLICT
    text = N_("%(count)s records are of this kind, so it cannot be removed.")
