"""CSV in: the encoding is found by decoding the whole file strictly, never by guessing."""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterator
from pathlib import Path

from shared.errors import N_, Fault, InvalidInput
from shared.tables.limits import Limits
from shared.tables.source import RawRow

_BOMS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
_PIECE = 1 << 16


class CsvSource:
    def __init__(self, path: Path, limits: Limits) -> None:
        self._path = path
        self._limits = limits
        self.encoding = find_encoding(path)
        self._delimiter = self._find_delimiter()

    def rows(self) -> Iterator[RawRow]:
        with self._path.open(encoding=self.encoding, newline="") as file:
            reader = csv.reader(file, delimiter=self._delimiter, strict=True)
            number = 0
            try:
                for number, cells in enumerate(reader, start=1):
                    if len(cells) > self._limits.max_columns:
                        text = N_("Row %(row)s has more than %(limit)s columns.")
                        raise InvalidInput(
                            faults=[Fault(text, {"row": number, "limit": self._limits.max_columns}, row=number)]
                        )
                    yield number, cells, []
            except csv.Error as error:
                text = N_("Row %(row)s cannot be read: its quotation marks do not match.")
                raise InvalidInput(faults=[Fault(text, {"row": number + 1}, row=number + 1)]) from error

    def _find_delimiter(self) -> str:
        with self._path.open(encoding=self.encoding, newline="") as file:
            line = next((line for line in iter(lambda: file.readline(_PIECE), "") if line.strip()), "")
        return "\t" if line.count("\t") > line.count(",") else ","


def find_encoding(path: Path) -> str:
    """UTF-8 (with BOM or without), UTF-16 with BOM, or CP932.

    Raises InvalidInput naming the first line that does not decode."""
    with path.open("rb") as file:
        start = file.read(4)
    for bom, encoding in _BOMS.items():
        if start.startswith(bom):
            line = _first_undecodable_line(path, encoding)
            if line:
                _refuse(line, encoding)
            return encoding
    utf8 = _first_undecodable_line(path, "utf-8")
    if utf8 is None:
        return "utf-8"
    # Japanese in CP932 is never valid UTF-8 for a whole header row: then the file is UTF-8 with a broken line.
    cp932 = _first_undecodable_line(path, "cp932")
    if _header_is_japanese_utf8(path):
        _refuse(utf8, "utf-8")
    if cp932 is not None:
        _refuse(max(utf8, cp932), "utf-8" if utf8 > cp932 else "cp932")
    return "cp932"


def _first_undecodable_line(path: Path, encoding: str) -> int | None:
    decoder = codecs.getincrementaldecoder(encoding)()
    lines = 1
    with path.open("rb") as file:
        while True:
            piece = file.read(_PIECE)
            try:
                decoded = decoder.decode(piece, final=not piece)
            except UnicodeDecodeError as error:
                return lines + error.object[: error.start].count(b"\n")
            lines += decoded.count("\n")
            if not piece:
                return None


def _header_is_japanese_utf8(path: Path) -> bool:
    with path.open("rb") as file:
        line = file.readline(_PIECE)
    try:
        return not line.decode("utf-8").isascii()
    except UnicodeDecodeError:
        return False


def _refuse(line: int, encoding: str) -> None:
    text = N_("Line %(line)s cannot be decoded as %(encoding)s. Save the file as UTF-8 or CP932 (Shift_JIS).")
    raise InvalidInput(faults=[Fault(text, {"line": line, "encoding": encoding.upper()}, row=line)])
