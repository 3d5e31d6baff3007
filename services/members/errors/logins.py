"""Errors of logins, second steps and accounts."""

from __future__ import annotations

from shared.errors import N_, Fault, Kind, TsudoiError


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


class AppOfOtherKeys(TsudoiError):
    """The secret of the app was sealed with a secret of the installation that is gone."""

    kind = Kind.CONFLICT
    text = N_(
        "The codes of your app can no longer be checked, for the keys of this system were exchanged. "
        "Please use a spare code, or have two-step login switched off by the secretariat."
    )


class LoginNotBegun(TsudoiError):
    kind = Kind.UNAUTHENTICATED
    text = N_("Too much time has passed since the password. Please log in once more.")


class OwnSecondFactorFirst(TsudoiError):
    kind = Kind.CONFLICT
    text = N_("Please set up two-step login for yourself first; then you can ask it of all staff.")


class TooManyRequests(TooManyAttempts):
    """For mail: nobody shall fill mailboxes."""

    text = N_("Too many requests came from your network. Please wait %(minutes)s minutes.")


class TooManyDownloads(TooManyAttempts):
    text = N_("You have downloaded your data several times just now. Please wait %(minutes)s minutes.")


class PasswordTooWeak(TsudoiError):
    text = N_("Please choose another password.")


class LastAdministrator(TsudoiError):
    kind = Kind.CONFLICT
    text = N_("This is the only administrator. Make somebody else an administrator first.")


class OperatorApart(TsudoiError):
    """Whoever looks after the machines sees no texts of people; so they hold no office beside it."""

    kind = Kind.CONFLICT
    text = N_("An operator needs an account that is neither a member's nor of the office.")
