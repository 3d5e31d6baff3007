"""The outside of an XLSX file: a zip archive of XML that is looked at before anything in it is unpacked."""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from xml.parsers import expat

from shared.errors import N_, Fault, InvalidInput
from shared.tables.limits import Limits

_END = b"PK\x05\x06"
_END_LENGTH = 22
_ZIP64_LOCATOR = b"PK\x06\x07"
_ZIP64_LOCATOR_LENGTH = 20
_MAX_DIRECTORY = 1 << 20
_SMALL = 4 << 20  # under this much unpacked, the ratio says nothing
_PIECE = 1 << 16
_MAX_TOKEN = 1 << 20
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ENCRYPTED = 1
_TROUBLE = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    expat.ExpatError,
    NotImplementedError,
    EOFError,
    OSError,
    ValueError,
)


class Package:
    """An archive that has passed the checks. What is read from it is counted as it comes out, whatever its headers
    say."""

    def __init__(self, path: Path, limits: Limits) -> None:
        self._path = path
        self._limits = limits
        _check_directory(path, limits)
        try:
            with zipfile.ZipFile(path) as archive:
                self._entries = {entry.filename.lstrip("/"): entry for entry in archive.infolist()}
        except _TROUBLE as error:
            raise broken() from error
        entries = self._entries.values()
        declared, packed = sum(entry.file_size for entry in entries), path.stat().st_size
        if declared > min(limits.max_unpacked_bytes, max(_SMALL, packed * limits.max_ratio)):
            raise bomb()
        if any(entry.flag_bits & _ENCRYPTED or entry.compress_type not in _METHODS for entry in entries):
            raise broken()

    def __contains__(self, name: str) -> bool:
        return name in self._entries

    def parse(self, name: str, parser: expat.XMLParserType) -> Iterator[None]:
        """Feed one XML part to a parser, piece by piece, and pause after each. A document type, the only place where
        entities can be declared, is refused; so is a single token of a mebibyte, which no spreadsheet writes."""
        entry = self._entries.get(name)
        if entry is None:
            raise broken()
        parser.StartDoctypeDeclHandler = _refuse_document_type
        limit = min(self._limits.max_unpacked_bytes, max(_SMALL, entry.compress_size * self._limits.max_ratio))
        unpacked = 0
        try:
            with zipfile.ZipFile(self._path) as archive, archive.open(entry) as part:
                while piece := part.read(_PIECE):
                    unpacked += len(piece)
                    if unpacked > limit:
                        raise bomb()
                    parser.Parse(piece, False)
                    if unpacked - parser.CurrentByteIndex > _MAX_TOKEN:
                        raise broken()
                    yield
                parser.Parse(b"", True)
                yield
        except _TROUBLE as error:
            raise broken() from error

    def parse_all(self, name: str, parser: expat.XMLParserType) -> None:
        for _ in self.parse(name, parser):
            pass


@lru_cache(maxsize=256)
def local(tag: str) -> str:
    """An element's or attribute's name without its namespace prefix, which writers choose as they like."""
    return tag.rpartition(":")[2]


def broken() -> InvalidInput:
    text = N_("This Excel file is damaged or not an Excel file. Save it once more as .xlsx, or as CSV.")
    return InvalidInput(faults=[Fault(text)])


def bomb() -> InvalidInput:
    return InvalidInput(faults=[Fault(N_("This Excel file unpacks to far more than a table needs; it is not read."))])


def _refuse_document_type(*_: object) -> None:
    text = N_("This Excel file holds XML that Excel does not write (a document type); it is not read.")
    raise InvalidInput(faults=[Fault(text)])


def _check_directory(path: Path, limits: Limits) -> None:
    """The archive's table of contents, before a library reads it: a huge one would take gigabytes of memory."""
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - _END_LENGTH - _ZIP64_LOCATOR_LENGTH - 0xFFFF))
        tail = file.read()
    at = tail.rfind(_END)
    if at < 0 or len(tail) - at < _END_LENGTH:
        raise broken()
    entries, directory = struct.unpack("<HL", tail[at + 10 : at + 16])
    zip64 = tail[max(0, at - _ZIP64_LOCATOR_LENGTH) : at].startswith(_ZIP64_LOCATOR)
    if zip64 or entries > limits.max_entries or directory > _MAX_DIRECTORY:
        raise bomb()
