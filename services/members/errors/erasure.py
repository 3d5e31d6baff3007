"""Errors of erasing people."""

from __future__ import annotations

from shared.errors import N_, Kind, TsudoiError


class PersonErased(TsudoiError):
    kind = Kind.GONE
    text = N_("The data of this person was erased. Nothing can be entered for them any more.")


class NotToBeErased(TsudoiError):
    """Whoever is a member, or works for the office, is needed."""

    kind = Kind.CONFLICT
    text = N_("%(name)s is a member or belongs to the office: only after that has ended can they be erased.")


class ErasureHeld(TsudoiError):
    kind = Kind.CONFLICT
    text = N_("%(name)s is held back from being erased. Release them first.")
