"""Errors of files that come in."""

from __future__ import annotations

from shared.errors import N_, Kind, TsudoiError


class RosterNotReady(TsudoiError):
    kind = Kind.CONFLICT
    text = N_("This file cannot be imported: it has errors, brings nothing new, or was imported already.")


class RosterOutdated(TsudoiError):
    kind = Kind.CONFLICT
    text = N_("Members were changed since this roster was checked. Nothing was imported; please check it again.")


class FieldsOutdated(RosterOutdated):
    text = N_("Custom fields were changed since this roster was checked. Nothing was imported; please check it again.")


class RecordsOutdated(RosterOutdated):
    text = N_("Records were changed since this file was checked. Nothing was imported; please check it again.")


class FileTooLarge(TsudoiError):
    kind = Kind.TOO_LARGE
    text = N_("The file is too large: at most %(limit)s MiB are read.")
