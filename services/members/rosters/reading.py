"""One row of a roster read into the values of a person, with everything that is wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from services.members import values
from services.members.custom_fields.reading import Value, read_value
from services.members.models import CategoryRow, CustomFieldRow
from services.members.standings.words import fold_word
from services.members.values import BadValue
from shared.errors import N_, Fault

_READERS: Mapping[str, Callable[[str], Any]] = {
    "number": values.number,
    "name": values.name,
    "kana": values.kana,
    "roman": values.roman,
    "email": values.email,
    "joined_on": values.day,
    "leaves_on": values.day,
    "affiliation": values.plain_text,
    "postcode": values.postcode,
    "address": values.plain_text,
    "phone": values.phone,
    "note": values.note,
}
_EMPTY_KEEPS: Mapping[str, Callable[[str], Any]] = {
    "kind": values.kind,
    "standing": values.standing,
    "language": values.language,
}
LONGEST_CUSTOM = 1_000


@dataclass
class ReadRow:
    """What a row says: only the columns that the file has, and of those where an empty cell keeps what is there only
    what is filled in."""

    number: int  # as the spreadsheet counts
    given: dict[str, Any] = field(default_factory=dict)
    custom: dict[str, Value] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)


class RowReader:
    """Reads the rows of one file of one society."""

    def __init__(
        self, categories: Iterable[CategoryRow], custom: Sequence[str], fields: Iterable[CustomFieldRow] = ()
    ) -> None:
        rows = list(categories)
        self._categories = {
            fold_word(word): row.code for row in rows for word in (row.code, row.name, row.name_en) if word
        }
        self._known = "、".join(row.name for row in rows)
        self._custom = custom
        self._fields = list(fields)

    def read(self, number: int, cells: Mapping[str, str]) -> ReadRow:
        row = ReadRow(number)
        for name, read in _READERS.items():
            if name in cells:
                self._take(row, name, read, cells[name])
        for name, read in _EMPTY_KEEPS.items():
            if cells.get(name):
                self._take(row, name, read, cells[name])
        self._take(row, "category", self._category, cells["category"])
        for header in self._custom:
            if len(cells[header]) > LONGEST_CUSTOM:
                row.faults.append(
                    Fault(N_("Please use at most %(max)s characters."), {"max": LONGEST_CUSTOM}, header, number)
                )
            row.custom[header] = cells[header]
        for each in self._fields:
            if each.input_name in cells:
                self._take_custom(row, each, cells[each.input_name])
        self._check(row)
        return row

    def _take(self, row: ReadRow, name: str, read: Callable[[str], Any], text: str) -> None:
        try:
            row.given[name] = read(text)
        except BadValue as bad:
            row.faults.append(Fault(bad.text, bad.params, name, row.number))

    def _take_custom(self, row: ReadRow, field: CustomFieldRow, text: str) -> None:
        try:
            row.custom[field.key] = read_value(field, text)
        except BadValue as bad:
            row.faults.append(Fault(bad.text, bad.params, field.input_name, row.number))

    def _category(self, text: str) -> str:
        found = self._categories.get(fold_word(text))
        if found is None:
            raise BadValue(
                N_("The category “%(value)s” is not known. Known are: %(known)s."), value=text[:50], known=self._known
            )
        return found

    def _check(self, row: ReadRow) -> None:
        given = row.given
        wrong = {fault.field for fault in row.faults}
        if not given.get("number") and not given.get("email") and not {"number", "email"} & wrong:
            text = N_("There is neither a member number nor an e-mail address: the row cannot be told from others.")
            row.faults.append(Fault(text, {}, "number", row.number))
        joined, leaves = given.get("joined_on"), given.get("leaves_on")
        if joined and leaves and leaves < joined:
            text = N_("The withdrawal date is before the date of joining.")
            row.faults.append(Fault(text, {}, "leaves_on", row.number))
