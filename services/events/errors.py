"""Why something about an event or a registration is not possible."""

from __future__ import annotations

from shared.errors import N_, Kind, TsudoiError


class EventFull(TsudoiError):
    kind = Kind.CONFLICT
    text = N_("All seats are taken.")


class RegistrationNotOpen(TsudoiError):
    kind = Kind.CONFLICT
    text = N_("Registration for this event is not open.")


class RegistrationEnded(TsudoiError):
    kind = Kind.CONFLICT
    text = N_("Registration ended on %(day)s at 24:00.")


class CancellationEnded(TsudoiError):
    kind = Kind.CONFLICT
    text = N_("Registrations could be cancelled until %(day)s at 24:00. Please ask the secretariat.")


class AlreadyRegistered(TsudoiError):
    kind = Kind.CONFLICT
    text = N_("You are registered for this event already.")


class AlreadyCancelled(TsudoiError):
    kind = Kind.CONFLICT
    text = N_("This registration was cancelled before.")


class CapacityTooSmall(TsudoiError):
    kind = Kind.CONFLICT
    text = N_("%(taken)s seats are taken already: the capacity can't be smaller.")


class FeeIsFixed(TsudoiError):
    kind = Kind.CONFLICT
    text = N_("People have registered at this fee: it can't be changed any more.")


class EventIncomplete(TsudoiError):
    """Raised with faults that name the fields."""

    text = N_("Something is missing before this event can be published.")
