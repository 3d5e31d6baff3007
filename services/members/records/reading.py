"""One row of a file of records read into values, with everything that is wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from services.members import values
from services.members.models import RecordKindRow
from services.members.records.by_hand import ENDS_BEFORE
from services.members.records.columns import NEEDED
from services.members.standings.words import fold_word
from services.members.values import BadValue
from shared.errors import N_, Fault

_PUBLIC = {
    **dict.fromkeys(("1", "公開", "はい", "○", "〇", "true", "yes", "public"), True),
    **dict.fromkeys(("", "0", "非公開", "いいえ", "×", "false", "no", "private"), False),
}
_WHOSE: Mapping[str, Callable[[str], Any]] = {"number": values.number, "email": values.email}
LONGEST_TITLE = 200


@dataclass
class ReadRecord:
    """What a row says: of the columns that the file has. `key`: of the record that it changes or removes."""

    number: int  # as the spreadsheet counts
    key: str | None = None
    given: dict[str, Any] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)

    def blame(self, text: str, column: str, **params: Any) -> None:
        self.faults.append(Fault(text, params, column, self.number))


class RecordReader:
    """Reads the rows of one file of one society. `mode`: add, change or remove."""

    def __init__(self, kinds: Iterable[RecordKindRow], mode: str) -> None:
        rows = list(kinds)
        self._kinds = {fold_word(name): row.id for row in rows for name in (row.name, row.name_en)}
        self._known = "、".join(row.name for row in rows)
        self._mode = mode
        self._readers: Mapping[str, Callable[[str], Any]] = {
            "kind_id": self._kind,
            "title": _title,
            "title_en": lambda text: _title(text) if text else "",
            "starts_on": _needed_day,
            "ends_on": values.day,
            "public": _public,
            "note": values.note,
        }

    def read(self, number: int, cells: Mapping[str, str]) -> ReadRecord:
        row = ReadRecord(number)
        row.key = self._take(row, "key", _key, cells.get("key", ""))
        if row.key and self._mode == "add":
            row.blame(N_("A record with a key is there already: choose “change”, or leave this cell empty."), "key")
        for name, read in _WHOSE.items():
            if cells.get(name):
                row.given[name] = self._take(row, name, read, cells[name])
        if row.key and self._mode == "remove":
            return row
        for name, read in self._readers.items():
            if name in cells or (name in NEEDED and not row.key):
                row.given[name] = self._take(row, name, read, cells.get(name, ""))
        self._check(row)
        return row

    def _take(self, row: ReadRecord, name: str, read: Callable[[str], Any], text: str) -> Any:
        try:
            return read(text)
        except BadValue as bad:
            row.blame(bad.text, name, **bad.params)
            return None

    def _kind(self, text: str) -> str:
        found = self._kinds.get(fold_word(text))
        if found is None:
            raise BadValue(
                N_("The kind “%(value)s” is not known. Known are: %(known)s."), value=text[:50], known=self._known
            )
        return found

    def _check(self, row: ReadRecord) -> None:
        wrong = {fault.field for fault in row.faults}
        if not row.key and not {"number", "email"} & wrong and not (row.given.get("number") or row.given.get("email")):
            row.blame(N_("There is neither a member number nor an e-mail address."), "number")
        starts, ends = row.given.get("starts_on"), row.given.get("ends_on")
        if starts and ends is None and "ends_on" not in wrong:
            row.given["ends_on"] = starts
        elif starts and ends and ends < starts:
            row.blame(ENDS_BEFORE, "ends_on")


def _key(text: str) -> str | None:
    try:
        return str(UUID(text)) if text else None
    except ValueError as error:
        raise BadValue(N_("“%(value)s” is no key of a record. Take it from a download."), value=text[:50]) from error


def _title(text: str) -> str:
    if not text:
        raise BadValue(N_("Please fill this in."))
    if "\n" in text:
        raise BadValue(N_("A title stands on one line."))
    return values.plain_text(text, LONGEST_TITLE)


def _needed_day(text: str) -> Any:
    if not text:
        raise BadValue(N_("Please fill this in."))
    return values.day(text)


def _public(text: str) -> bool:
    found = _PUBLIC.get(fold_word(text))
    if found is None:
        raise BadValue(N_("Public is 1 or 0, not “%(value)s”."), value=text[:50])
    return found
