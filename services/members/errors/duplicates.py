"""Errors about two records of one person."""

from __future__ import annotations

from shared.errors import N_, Kind, TsudoiError


class MemberMerged(TsudoiError):
    """`into`: the id of the record that was kept. Pages go there by themselves."""

    kind = Kind.GONE
    text = N_("This record was merged into the record %(into)s.")


class KeepTheOtherOne(TsudoiError):
    """Otherwise a member would count as gone."""

    kind = Kind.CONFLICT
    text = N_("The record that is to be kept has left, and the other one has not. Please keep the other one.")


class NotMergeable(TsudoiError):
    kind = Kind.CONFLICT
    text = N_("Only members of the same kind can be merged, or somebody of the staff into a member.")
