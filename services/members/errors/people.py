"""Errors about members: addresses, numbers, categories, requests of theirs."""

from __future__ import annotations

from shared.errors import N_, Kind, TsudoiError


class EmailInUse(TsudoiError):
    """For staff only: strangers are never told."""

    kind = Kind.CONFLICT
    text = N_("This e-mail address belongs to %(holder)s already.")


class NumberInUse(TsudoiError):
    kind = Kind.CONFLICT
    text = N_("The member number %(number)s is or was that of %(holder)s.")


class CategoryInUse(TsudoiError):
    kind = Kind.CONFLICT
    text = N_("%(count)s members have or had this category, or will have it, so it cannot be removed.")


class CategoryExists(TsudoiError):
    kind = Kind.CONFLICT
    text = N_("There is a category with this code or name already.")


class RequestWaiting(TsudoiError):
    kind = Kind.CONFLICT
    text = N_("A request of this kind is waiting for the secretariat already.")


class RequestDecidedAlready(TsudoiError):
    kind = Kind.CONFLICT
    text = N_("This request has been decided or taken back already.")
