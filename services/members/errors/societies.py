"""Errors of setting up a society."""

from __future__ import annotations

from shared.errors import N_, Kind, TsudoiError


class SetupLinkUnusable(TsudoiError):
    kind = Kind.GONE
    text = N_("This link is not valid any more. Restart Tsudoi: while there is no society, it prints a new one.")


class SocietyUnknown(TsudoiError):
    kind = Kind.NOT_FOUND
    text = N_("Please choose your society.")


class SlugTaken(TsudoiError):
    kind = Kind.CONFLICT
    text = N_("There is a society with this short name already.")
