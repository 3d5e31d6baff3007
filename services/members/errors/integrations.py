"""Errors of other programs that use the API."""

from __future__ import annotations

from shared.errors import N_, Kind, TsudoiError


class IntegrationRefused(TsudoiError):
    """Never tells which part was wrong."""

    kind = Kind.UNAUTHENTICATED
    text = N_("This key is not valid: it was removed, has expired, or never was one.")


class IntegrationStopped(TsudoiError):
    kind = Kind.CONFLICT
    text = N_("This integration was stopped. Please register a new one.")


class EnoughKeys(TsudoiError):
    kind = Kind.CONFLICT
    text = N_("There are two keys already. Please remove the one that is not used any more first.")
