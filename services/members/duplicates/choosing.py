"""Which value of each field stays when two members are merged: one of theirs, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from services.members.models import MemberRow
from services.members.search_conditions import KINDS
from shared.errors import N_, Fault, InvalidInput

FIELDS = (
    "name",
    "kana",
    "roman",
    "email",
    "language",
    "number",
    "joined_on",
    "affiliation",
    "postcode",
    "address",
    "phone",
    "note",
)
CUSTOM = "custom."
KEPT, GONE, BOTH = "kept", "gone", "both"


@dataclass(frozen=True)
class Choice:
    """A field in both records. `proposed`: kept | gone | both."""

    name: str  # custom.<header> of a custom field
    kept: Any
    gone: Any

    @property
    def differs(self) -> bool:
        return (self.kept or "") != (self.gone or "")

    @property
    def proposed(self) -> str:
        if self.name == "note" and self.kept and self.gone and self.differs:
            return BOTH
        return KEPT if self.kept or not self.gone else GONE

    @property
    def possible(self) -> Sequence[str]:
        return (KEPT, GONE, BOTH) if self.name == "note" and self.kept and self.gone else (KEPT, GONE)

    def value(self, chosen: str) -> Any:
        if chosen == BOTH:
            return f"{self.kept}\n{self.gone}"
        return self.gone if chosen == GONE else self.kept


def choices_of(kept: MemberRow, gone: MemberRow) -> Sequence[Choice]:
    """All fields that the office chooses; standing and category follow from the histories."""
    own = [Choice(name, getattr(kept, name), getattr(gone, name)) for name in FIELDS]
    headers = dict.fromkeys([*kept.custom, *gone.custom])
    return [*own, *(Choice(f"{CUSTOM}{each}", kept.custom.get(each), gone.custom.get(each)) for each in headers)]


def chosen_values(kept: MemberRow, gone: MemberRow, chosen: Mapping[str, str]) -> dict[str, Any]:
    """The fields as they will be; of those that are not named, what is proposed. Raises InvalidInput."""
    values: dict[str, Any] = {"custom": {}}
    faults = []
    for choice in choices_of(kept, gone):
        which = chosen.get(choice.name) or choice.proposed
        if which not in choice.possible:
            faults.append(Fault(N_("Please choose one of the two values."), field=choice.name))
            continue
        value = choice.value(which)
        if not choice.name.startswith(CUSTOM):
            values[choice.name] = value
        elif value:
            values["custom"][choice.name.removeprefix(CUSTOM)] = value
    if faults:
        raise InvalidInput(faults=faults)
    if not kept.category and gone.category and gone.kind in KINDS:
        values["category"] = gone.category  # its history comes with it
    return values
