"""Errors carry a slug, a kind and a translatable sentence. The kind alone decides what happens to them:
the HTTP status of a page or an API answer, and whether a message is tried again or parked."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any


def N_(text: str) -> str:  # noqa: N802  (the name that gettext tools look for)
    """Mark a sentence for translation; it is translated where it is shown, in the reader's language."""
    return text


class Word(str):
    """A marked word that stands in a place of a sentence: it is translated with it."""


class Kind(Enum):
    """What sort of trouble it is: (HTTP status, what the bus does)."""

    INVALID = (422, "park")
    UNAUTHENTICATED = (401, "park")
    FORBIDDEN = (403, "park")
    NOT_FOUND = (404, "park")
    CONFLICT = (409, "park")
    GONE = (410, "park")
    TOO_LARGE = (413, "park")
    TOO_MANY = (429, "retry")
    NOT_YET = (409, "wait")
    UNAVAILABLE = (503, "retry")

    @property
    def status(self) -> int:
        return self.value[0]

    @property
    def on_the_bus(self) -> str:
        """`park` at once, `retry` with growing delay and park at the end, or `wait`: retry without alarm."""
        return self.value[1]


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong with an input: which field, which row (1-based, as the reader counts them), and what."""

    text: str
    params: dict[str, Any] = field(default_factory=dict)
    field: str | None = None
    row: int | None = None


class TsudoiError(Exception):
    """Base of every error that a person or another program may see.

    `text` is a sentence marked with `N_`, with `%(name)s` places filled from the keyword arguments."""

    kind: Kind = Kind.INVALID
    text: str = N_("Something is wrong with this request.")

    def __init__(self, *, faults: Sequence[Fault] = (), **params: Any) -> None:
        super().__init__(self.text, params)
        self.params = params
        self.faults = tuple(faults)

    @property
    def slug(self) -> str:
        """`InvoiceAlreadyPaid` → `invoice-already-paid`; stable, for integrators."""
        return re.sub(r"(?<!^)(?=[A-Z])", "-", type(self).__name__).lower()

    def __str__(self) -> str:
        return self.text % self.params if self.params else self.text


class InvalidInput(TsudoiError):
    """The input as a whole is refused; `faults` say where and why."""

    text = N_("Please correct the input: nothing was saved.")


class NotFound(TsudoiError):
    """Also the answer for another society's things: their existence is nobody's business."""

    kind = Kind.NOT_FOUND
    text = N_("There is no such thing here (any more).")


class Forbidden(TsudoiError):
    kind = Kind.FORBIDDEN
    text = N_("Your role does not allow this.")


class SocietySuspended(TsudoiError):
    kind = Kind.FORBIDDEN
    text = N_("The use of this system by this society is suspended. All data is kept; please ask the operators.")


class LoginNeeded(TsudoiError):
    kind = Kind.UNAUTHENTICATED
    text = N_("Please log in first.")


class NotYet(TsudoiError):
    """A message came before the fact that it builds on: it is tried again, without alarm."""

    kind = Kind.NOT_YET
    text = N_("What this builds on has not arrived yet.")


class ChangedMeanwhile(TsudoiError):
    kind = Kind.CONFLICT
    text = N_("Somebody else changed this meanwhile. Please look at the current state and try again.")


class Unavailable(TsudoiError):
    kind = Kind.UNAVAILABLE
    text = N_("This part is out of order for the moment. Nothing was lost; please try again soon.")
