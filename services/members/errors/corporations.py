"""Errors of corporate members and their contacts."""

from __future__ import annotations

from shared.errors import N_, Kind, TsudoiError


class CorporatePageClosed(TsudoiError):
    """Only told to the contact, after the right password, and to staff."""

    kind = Kind.FORBIDDEN
    text = N_(
        "This society does not use the corporate My Page at present. "
        "Please tell the secretariat when a contact changes: it keeps the contacts."
    )


class ContactEnded(TsudoiError):
    kind = Kind.CONFLICT
    text = N_("%(name)s is no contact any more.")


class HasContacts(TsudoiError):
    kind = Kind.CONFLICT
    text = N_("This corporate member has contacts. Please end them first.")
