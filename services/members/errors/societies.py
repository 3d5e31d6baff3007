"""Errors of setting up a society."""

from __future__ import annotations

from shared.errors import N_, Kind, TsudoiError


class SetupLinkUnusable(TsudoiError):
    kind = Kind.GONE
    text = N_("This link is not valid any more. Restart Tsudoi: while there is no society, it prints a new one.")


class SetupLinkOver(SetupLinkUnusable):
    text = N_("This link is not valid any more. Please ask the operators of Tsudoi for a new one.")


class SocietyHasAdministrator(TsudoiError):
    """Operators see no data of people: so they cannot let anybody in beside those who are there."""

    kind = Kind.CONFLICT
    text = N_("This society has an administrator already, who invites all others.")


class SocietyUnknown(TsudoiError):
    kind = Kind.NOT_FOUND
    text = N_("Please choose your society.")


class SlugTaken(TsudoiError):
    kind = Kind.CONFLICT
    text = N_("There is a society with this short name already.")
