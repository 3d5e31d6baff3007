"""What entries are called on pages: each service says it for its own actions, subjects and values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy.orm import Session

from shared.errors import N_


@dataclass(frozen=True)
class Subject:
    """A kind of thing that is acted upon. `page`: where one of them is looked at, with `{id}` in it; "": nowhere.

    `named`: a column with the ids of such things, and one with what people call them."""

    label: str
    page: str = ""
    named: tuple[Any, Any] | None = None


def as_it_is(_name: str, value: Any) -> Any:
    return value


@dataclass(frozen=True)
class Trail:
    """`actions` and `fields`: code → words marked by `N_`; `subjects`: what stands before the slash, or all of it.
    A field that means something else at one kind of subject stands there as `kind.field`.

    `word(field, value)`: a value in the reader's words, itself where there are none; `words` makes it where names must
    be read first."""

    actions: Mapping[str, str] = field(default_factory=dict)
    subjects: Mapping[str, Subject] = field(default_factory=dict)
    fields: Mapping[str, str] = field(default_factory=dict)
    word: Callable[[str, Any], Any] = as_it_is
    words: Callable[[Session], Callable[[str, Any], Any]] | None = None

    def prepared(self, session: Session) -> Trail:
        """With its `word`, for as many entries as are shown at once."""
        return replace(self, word=self.words(session)) if self.words else self


KIT = Trail(  # what every service records
    actions={
        "replay-message": N_("Tried a message again"),
        "discard-message": N_("Discarded a message"),
        "replay-dead-letters": N_("Tried dead letters again"),
        "send-again": N_("Sent messages again"),
    },
    subjects={
        "message": Subject(N_("Message")),
        "queue": Subject(N_("Queue")),
        "outbox": Subject(N_("Outbox")),
    },
    fields={
        "state": N_("State"),
        "error": N_("Error"),
        "type": N_("Type"),
        "reason": N_("Reason"),
        "count": N_("Count"),
        "to": N_("To"),
        "since": N_("Since"),
    },
)


def joined(own: Trail | None) -> Trail:
    """A service's words and the kit's; its own first."""
    own = own or Trail()
    return replace(
        own,
        actions={**KIT.actions, **own.actions},
        subjects={**KIT.subjects, **own.subjects},
        fields={**KIT.fields, **own.fields},
    )
