"""Errors of standings and categories with their days."""

from __future__ import annotations

from datetime import date

from shared.errors import N_, Fault, Kind, TsudoiError


class StillMember(TsudoiError):
    """Only the address of somebody whose membership has ended is free to be given back (M3+)."""

    kind = Kind.CONFLICT
    text = N_("%(name)s has not left: the e-mail address stays.")


class StandingOnThatDay(TsudoiError):
    kind = Kind.CONFLICT
    text = N_("“%(standing)s” starts on %(day)s already. Please edit that entry of the history instead.")

    @classmethod
    def of(cls, day: date, standing: str) -> StandingOnThatDay:
        params = {"day": day.isoformat(), "standing": standing}
        return cls(**params, faults=[Fault(cls.text, params, "starts_on")])


class StandingCannotFollow(TsudoiError):
    kind = Kind.CONFLICT
    text = N_("“%(after)s” cannot follow “%(before)s”.")

    @classmethod
    def of(cls, before: str, after: str) -> StandingCannotFollow:
        params = {"before": before, "after": after}
        return cls(**params, faults=[Fault(cls.text, params, "standing")])


class NoStandingToday(TsudoiError):
    kind = Kind.CONFLICT
    text = N_("Without this entry the member would have no standing today.")


class CategoryOnThatDay(TsudoiError):
    kind = Kind.CONFLICT
    text = N_("A category starts on %(day)s already. Please edit that entry of the history instead.")

    @classmethod
    def of(cls, day: date) -> CategoryOnThatDay:
        params = {"day": day.isoformat()}
        return cls(**params, faults=[Fault(cls.text, params, "starts_on")])


class NoCategoryToday(TsudoiError):
    kind = Kind.CONFLICT
    text = N_("Without this entry the member would have no category today.")
