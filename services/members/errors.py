"""Errors of members."""

from __future__ import annotations

from datetime import date

from shared.errors import N_, Fault, Kind, TsudoiError


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


class LoginFailed(TsudoiError):
    """Never tells which part was wrong."""

    kind = Kind.UNAUTHENTICATED
    text = N_("The e-mail address or the password is not right.")


class TooManyAttempts(TsudoiError):
    kind = Kind.TOO_MANY
    text = N_("Too many attempts. Please wait %(minutes)s minutes, or have a new password set by mail.")


class TooManyCodes(TooManyAttempts):
    """A new password would not help."""

    text = N_("Too many wrong codes. Please wait %(minutes)s minutes.")


class WrongCode(TsudoiError):
    """Of the second step of a login."""

    kind = Kind.INVALID
    text = N_("This code is not right, or was used already. Please enter the one that the app shows now.")

    @classmethod
    def in_field(cls) -> WrongCode:
        return cls(faults=[Fault(cls.text, field="code")])


class LoginNotBegun(TsudoiError):
    kind = Kind.UNAUTHENTICATED
    text = N_("Too much time has passed since the password. Please log in once more.")


class OwnSecondFactorFirst(TsudoiError):
    kind = Kind.CONFLICT
    text = N_("Please set up two-step login for yourself first; then you can ask it of all staff.")


class TooManyRequests(TooManyAttempts):
    """For mail: nobody shall fill mailboxes."""

    text = N_("Too many requests came from your network. Please wait %(minutes)s minutes.")


class PasswordTooWeak(TsudoiError):
    text = N_("Please choose another password.")


class LinkUnusable(TsudoiError):
    """A mailed link that cannot be used; says why, and what to do next."""

    kind = Kind.GONE
    reason = "unknown"
    text = N_("This link is not valid. Please have a new one sent.")


class LinkTruncated(LinkUnusable):
    reason = "truncated"
    text = N_("This link is incomplete: a mail program may have broken it. Please copy the whole link from the mail.")


class LinkExpired(LinkUnusable):
    reason = "expired"
    text = N_("This link has expired: links are valid for 24 hours. Please have a new one sent.")


class LinkSuperseded(LinkUnusable):
    reason = "superseded"
    text = N_("A newer link was sent after this one, and only the newest is valid. Please open the newest mail.")


class LinkUsed(LinkUnusable):
    reason = "used"
    text = N_(
        "This link was used already: the password is set. Please log in, or have a new link sent if you forgot it."
    )


class ApplicationSent(LinkUnusable):
    reason = "used"
    text = N_("Your application was sent with this link already. The office has it, and will write to you.")


class ApplicationVoided(LinkUnusable):
    reason = "voided"
    text = N_("The office has taken this link back. Please ask the office, or start again.")


class AlreadyKnown(LinkUnusable):
    """Whoever holds the link has shown that the address is theirs: they may be told."""

    reason = "known"
    text = N_("This e-mail address is registered already. Please log in, or set a new password.")


class EmailChangeDone(LinkUnusable):
    reason = "used"
    text = N_("This link was used already: your new e-mail address is registered. Please log in with it.")


class SomebodyElse(LinkUnusable):
    """The link is good, but not for whoever is logged in."""

    kind = Kind.FORBIDDEN
    reason = "somebody-else"
    text = N_(
        "You are logged in as somebody else. Please log out, log in with your old e-mail address, "
        "and open this link once more: it stays valid."
    )


class AddressTaken(LinkUnusable):
    reason = "taken"
    text = N_("This e-mail address was registered by somebody else meanwhile. Nothing was changed.")


class AddressChanged(LinkUnusable):
    reason = "address-changed"
    text = N_("Your registered e-mail address has changed since then. Please have a link sent to the new address.")


class SetupLinkUnusable(TsudoiError):
    kind = Kind.GONE
    text = N_("This link is not valid any more. Restart Tsudoi: while there is no society, it prints a new one.")


class SocietyUnknown(TsudoiError):
    kind = Kind.NOT_FOUND
    text = N_("Please choose your society.")


class SlugTaken(TsudoiError):
    kind = Kind.CONFLICT
    text = N_("There is a society with this short name already.")


class RosterNotReady(TsudoiError):
    kind = Kind.CONFLICT
    text = N_("This file cannot be imported: it has errors, brings nothing new, or was imported already.")


class RosterOutdated(TsudoiError):
    kind = Kind.CONFLICT
    text = N_("Members were changed since this roster was checked. Nothing was imported; please check it again.")


class RecordsOutdated(RosterOutdated):
    text = N_("Records were changed since this file was checked. Nothing was imported; please check it again.")


class FileTooLarge(TsudoiError):
    kind = Kind.TOO_LARGE
    text = N_("The file is too large: at most %(limit)s MiB are read.")


class LastAdministrator(TsudoiError):
    kind = Kind.CONFLICT
    text = N_("This is the only administrator. Make somebody else an administrator first.")


class OperatorApart(TsudoiError):
    """Whoever looks after the machines sees no texts of people; so they hold no office beside it."""

    kind = Kind.CONFLICT
    text = N_("An operator needs an account that is neither a member's nor of the office.")


class StillMember(TsudoiError):
    """Only the address of somebody whose membership has ended is free to be given back (M3+)."""

    kind = Kind.CONFLICT
    text = N_("%(name)s has not left: the e-mail address stays.")


class NoTerms(TsudoiError):
    kind = Kind.CONFLICT
    text = N_("This society does not take applications online yet.")


class TermsChanged(TsudoiError):
    kind = Kind.CONFLICT
    text = N_("The terms have been changed meanwhile. Please read them once more.")


class VerificationPending(TsudoiError):
    """Staff may not go ahead of somebody who is about to apply themselves (M4)."""

    kind = Kind.CONFLICT
    text = N_(
        "A verification mail to this address is valid for another %(hours)s hours %(minutes)s minutes. "
        "Take its link back under “Applications”, or let the person finish."
    )


class NotApplying(TsudoiError):
    kind = Kind.CONFLICT
    text = N_("%(name)s is not applying any more: somebody has decided already.")


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


class RequestWaiting(TsudoiError):
    kind = Kind.CONFLICT
    text = N_("A request of this kind is waiting for the secretariat already.")


class RequestDecidedAlready(TsudoiError):
    kind = Kind.CONFLICT
    text = N_("This request has been decided or taken back already.")


class CodeNotValid(TsudoiError):
    """Wrong, cut off, replaced or revoked: one sentence for all, so that nobody learns which."""

    kind = Kind.NOT_FOUND
    text = N_(
        "This code is not valid, or not any more. Please ask the holder to show the present code, or ask the office."
    )


class NoCardToday(TsudoiError):
    kind = Kind.CONFLICT
    text = N_("Membership cards and certificates of membership are for those who are members today.")


class NeverMember(TsudoiError):
    kind = Kind.CONFLICT
    text = N_("No membership with its days is on record for %(name)s, so there is nothing to certify.")


class RecordExists(TsudoiError):
    """Member, kind, title and days tell a record from all others."""

    kind = Kind.CONFLICT
    text = N_("The member has a record of this kind, title and time already.")


class RecordKindExists(TsudoiError):
    kind = Kind.CONFLICT
    text = N_("There is a kind with this name already.")


class RecordKindInUse(TsudoiError):
    kind = Kind.CONFLICT
    text = N_("%(count)s records are of this kind, so it cannot be removed.")
