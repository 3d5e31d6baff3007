"""Errors of work on chosen lists, and of searches."""

from __future__ import annotations

from shared.errors import N_, Fault, Kind, TsudoiError


class BulkChangeRefused(TsudoiError):
    """All or nothing (M6)."""

    kind = Kind.CONFLICT
    text = N_("Some of the chosen members cannot be changed like this. Nothing was changed; please look once more.")


class NumberingRefused(TsudoiError):
    """All or nothing, without gaps (M7)."""

    kind = Kind.CONFLICT
    text = N_("Some of the chosen members cannot be numbered like this. Nobody has a new number; please look again.")


class SearchNameTaken(TsudoiError):
    """Of one's own saved searches."""

    kind = Kind.CONFLICT
    text = N_("You have a saved search called “%(name)s” already.")

    @classmethod
    def of(cls, name: str) -> SearchNameTaken:
        return cls(name=name, faults=[Fault(cls.text, {"name": name}, "name")])


class TooManySearches(TsudoiError):
    kind = Kind.CONFLICT
    text = N_("You have %(most)s saved searches. Please remove one that you no longer need.")
