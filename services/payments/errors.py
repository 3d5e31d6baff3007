"""What may go wrong with money, in words for the payer or the office."""

from __future__ import annotations

from shared.errors import N_, Kind, TsudoiError


class NothingDue(TsudoiError):
    kind = Kind.CONFLICT
    text = N_("Nothing is due on this invoice (any more).")


class RequestClosed(TsudoiError):
    kind = Kind.CONFLICT
    text = N_("This invoice was cancelled; it cannot be paid.")


class AttemptIsOpen(TsudoiError):
    kind = Kind.CONFLICT
    text = N_("A payment for this invoice is already under way. Change it or let it run out before choosing anew.")


class AttemptIsOver(TsudoiError):
    kind = Kind.CONFLICT
    text = N_("This payment is over; it cannot be changed any more.")


class PaidAtStore(TsudoiError):
    kind = Kind.CONFLICT
    text = N_("The store has told us of your payment; it is being confirmed and cannot be changed now.")


class MethodNotOffered(TsudoiError):
    text = N_("This method of payment is not offered for this invoice.")


class TooMuchForStores(TsudoiError):
    text = N_("Convenience stores take at most %(limit)s yen at a time.")


class CardLocked(TsudoiError):
    kind = Kind.TOO_MANY
    text = N_(
        "Card payment is locked until %(until)s after a failed identity check (3-D Secure). "
        "You can pay in another way at once."
    )


class ProviderSilent(TsudoiError):
    """The provider did not answer: nobody knows what it did. Asked again with the same key."""

    kind = Kind.UNAVAILABLE
    text = N_("The payment provider does not answer for the moment. Nothing was lost; it is asked again by itself.")


class ProviderRefused(TsudoiError):
    text = N_("The payment provider refused this: %(reason)s")


class NoProvider(TsudoiError):
    kind = Kind.UNAVAILABLE
    text = N_("Paying online is not set up here yet.")


class NoticeForged(TsudoiError):
    kind = Kind.UNAUTHENTICATED
    text = N_("The signature of this notice is wrong or too old.")


class MemoNeeded(TsudoiError):
    text = N_("Please write down why the payment is reversed.")


class PaymentAlreadyReversed(TsudoiError):
    kind = Kind.CONFLICT
    text = N_("This payment was reversed before.")


class ReversedByBankOnly(TsudoiError):
    kind = Kind.CONFLICT
    text = N_("This deposit was taken back by the bank; there is nothing to assign.")


class DepositNotWaiting(TsudoiError):
    kind = Kind.CONFLICT
    text = N_("This deposit is not waiting to be assigned (any more).")


class BankFileKnown(TsudoiError):
    kind = Kind.CONFLICT
    text = N_("This file was imported before; it changes nothing.")


class BankFileTooLarge(TsudoiError):
    kind = Kind.TOO_LARGE
    text = N_("The file is larger than %(megabytes)s megabytes; ask the bank for shorter periods.")


class PayerUnknown(TsudoiError):
    text = N_("There is no such person.")


class AmountNeeded(TsudoiError):
    text = N_("Please enter an amount above zero.")


class DateAhead(TsudoiError):
    text = N_("The date of a payment cannot lie in the future.")
