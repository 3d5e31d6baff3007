"""XLSX in: the sheet's XML is read as a stream, so that memory stays flat and formulas are seen.

(calamine, the quick library for this, holds the whole sheet, 134 MiB for 100,000 rows of 13 columns, and hides
formulas; this reader grows by 1 to 9 MiB at any number of rows.)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from xml.parsers import expat

from shared.errors import N_, Fault, InvalidInput
from shared.tables.limits import Limits
from shared.tables.numbers import date_text, number_text
from shared.tables.package import Package, broken, local
from shared.tables.source import CellFault, RawRow
from shared.tables.workbook import SharedStrings, Workbook, open_workbook

_DIGITS = "0123456789"
_MAX_COLUMNS = 16_384  # Excel's own
_MAX_ROW_DIGITS = 7


class XlsxSource:
    def __init__(self, path: Path, limits: Limits) -> None:
        self._limits = limits
        self._package = Package(path, limits)
        self._book = open_workbook(self._package)
        part = self._book.shared_strings
        self._texts = SharedStrings(self._package, part, limits) if part else None

    def rows(self) -> Iterator[RawRow]:
        sheet = _Sheet(self._book, self._texts, self._limits)
        for _ in self._package.parse(self._book.sheet, sheet.parser):
            yield from sheet.take()


class _Sheet:
    """The state of one pass over a worksheet: the row, the cell and the text that the parser is in."""

    def __init__(self, book: Workbook, texts: SharedStrings | None, limits: Limits) -> None:
        self._book = book
        self._texts = texts
        self._limits = limits
        self._columns: dict[str, int] = {}
        self._ready: list[RawRow] = []
        self._number = 0
        self._cells: list[str] = []
        self._faults: list[CellFault] = []
        self._position = -1
        self._type = "n"
        self._style = ""
        self._formula = False
        self._phonetic = 0
        self._text: list[str] = []
        self._length = 0
        self._starts: dict[str, Callable[[dict[str, str]], None]] = {
            "row": self._start_row,
            "c": self._start_cell,
            "f": self._start_formula,
            "is": _nothing,
            "v": self._start_text,
            "t": self._start_text,
            "rPh": self._start_phonetic,
        }
        self._ends: dict[str, Callable[[], None]] = {
            "row": self._end_row,
            "c": self._end_cell,
            "v": self._end_text,
            "t": self._end_text,
            "rPh": self._end_phonetic,
        }
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end

    def take(self) -> list[RawRow]:
        ready, self._ready = self._ready, []
        return ready

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        act = self._starts.get(tag) or self._starts.get(local(tag))
        if act is not None:
            act(attributes)

    def _end(self, tag: str) -> None:
        act = self._ends.get(tag)
        if act is None and ":" in tag:
            act = self._ends.get(local(tag))
        if act is not None:
            act()

    def _start_row(self, attributes: dict[str, str]) -> None:
        told = attributes.get("r", "")
        number = int(told) if told.isdecimal() and len(told) <= _MAX_ROW_DIGITS else self._number + 1
        if number <= self._number:
            raise broken()
        self._number = number
        self._cells, self._faults, self._position = [], [], -1

    def _end_row(self) -> None:
        self._ready.append((self._number, self._cells, self._faults))

    def _start_cell(self, attributes: dict[str, str]) -> None:
        reference = attributes.get("r")
        self._position = self._column(reference.rstrip(_DIGITS)) if reference else self._position + 1
        self._type = attributes.get("t", "n")
        self._style = attributes.get("s", "")
        self._formula = False
        self._text.clear()
        self._length = 0

    def _start_formula(self, attributes: dict[str, str]) -> None:
        self._formula = True

    def _start_text(self, attributes: dict[str, str]) -> None:
        if not self._phonetic:
            self.parser.CharacterDataHandler = self._characters

    def _characters(self, text: str) -> None:
        self._length += len(text)
        if self._length > 2 * self._limits.max_cell_characters:
            raise broken()
        self._text.append(text)

    def _end_text(self) -> None:
        self.parser.CharacterDataHandler = None

    def _start_phonetic(self, attributes: dict[str, str]) -> None:
        self._phonetic += 1

    def _end_phonetic(self) -> None:
        self._phonetic -= 1

    def _end_cell(self) -> None:
        text = "".join(self._text)
        position, cells = self._position, self._cells
        if self._formula:
            told = N_("This cell holds a formula; only values are taken. Copy the column and paste it as values.")
            self._faults.append((position, told, {}))
        if not text:
            return
        value = self._value(text)
        if position >= self._limits.max_columns:
            told = N_("Row %(row)s has more than %(limit)s columns.")
            params = {"row": self._number, "limit": self._limits.max_columns}
            raise InvalidInput(faults=[Fault(told, params, row=self._number)])
        if position < len(cells):
            raise broken()
        while len(cells) < position:
            cells.append("")
        cells.append(value)

    def _value(self, text: str) -> str:
        match self._type:
            case "s":
                if self._texts is None or not text.strip().isdecimal():
                    raise broken()
                return self._texts[int(text)]
            case "inlineStr" | "str":
                return text
            case "b":
                return "TRUE" if text.strip() == "1" else "FALSE"
            case "e":
                told = N_("This cell holds an error value: %(value)s.")
                self._faults.append((self._position, told, {"value": text}))
                return ""
            case "d":
                return text.removesuffix("T00:00:00")
        if self._style.isdecimal() and int(self._style) in self._book.date_styles:
            day = date_text(text, from_1904=self._book.from_1904)
            if day is None:
                self._faults.append((self._position, N_("This cell holds no possible date."), {}))
            return day or text
        return number_text(text)

    def _column(self, letters: str) -> int:
        position = self._columns.get(letters)
        if position is None:
            if not (letters.isascii() and letters.isalpha() and letters.isupper() and len(letters) <= 3):
                raise broken()
            position = -1
            for letter in letters:
                position = (position + 1) * 26 + ord(letter) - 65
            if position >= _MAX_COLUMNS:
                raise broken()
            self._columns[letters] = position
        return position


def _nothing(attributes: dict[str, str]) -> None:
    """An element that only holds others."""
