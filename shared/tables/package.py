"""The outside of an XLSX file: a zip archive that is looked at before anything in it is unpacked."""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn
from xml.parsers import expat

from shared.errors import Fault, InvalidInput, N_
from shared.tables.limits import Limits

_END = b"PK\x05\x06"
_END_LENGTH = 22
_ZIP64_LOCATOR = b"PK\x06\x07"
_ZIP64_LOCATOR_LENGTH = 20
_MAX_DIRECTORY = 1 << 20
_SMALL = 4 << 20  # under this much unpacked, the ratio says nothing
_PIECE = 1 << 16
_MAX_PROLOG = 4 * _PIECE


class Package:
    """An archive that has passed the checks. What is read from it is counted as it comes out, whatever its headers say."""

    def __init__(self, path: Path, limits: Limits) -> None:
        self._path = path
        self._limits = limits
        _check_directory(path, limits)
        try:
            with zipfile.ZipFile(path) as archive:
                self._entries = {entry.filename.lstrip("/"): entry for entry in archive.infolist()}
        except (zipfile.BadZipFile, NotImplementedError, ValueError, struct.error, OSError) as error:
            raise broken() from error
        declared = sum(entry.file_size for entry in self._entries.values())
        packed = path.stat().st_size
        if declared > limits.max_unpacked_bytes or declared > max(_SMALL, packed * limits.max_ratio):
            refuse_bomb()
        if any(e.flag_bits & 1 or e.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for e in self._entries.values()):
            raise broken()

    def __contains__(self, name: str) -> bool:
        return name in self._entries

    def pieces(self, name: str) -> Iterator[bytes]:
        """One part of the file, unpacked piece by piece; an XML part with a document type (entities) is refused."""
        entry = self._entries.get(name)
        if entry is None:
            raise broken()
        unpacked = 0
        limit = min(self._limits.max_unpacked_bytes, max(_SMALL, entry.compress_size * self._limits.max_ratio))
        prolog: _Prolog | None = _Prolog()
        try:
            with zipfile.ZipFile(self._path) as archive, archive.open(entry) as part:
                while piece := part.read(_PIECE):
                    unpacked += len(piece)
                    if unpacked > limit:
                        refuse_bomb()
                    if prolog is not None and prolog.passed(piece):
                        prolog = None
                    yield piece
        except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, OSError, expat.ExpatError) as error:
            raise broken() from error


class _Prolog:
    """Reads up to the root element. Only there may a document type stand, and with it entities, inner or from outside."""

    def __init__(self) -> None:
        self._parser = expat.ParserCreate()
        self._parser.StartDoctypeDeclHandler = self._doctype
        self._parser.StartElementHandler = self._root
        self._seen = 0
        self._done = False

    def passed(self, piece: bytes) -> bool:
        self._seen += len(piece)
        self._parser.Parse(piece[: _PIECE], False)
        if not self._done and self._seen > _MAX_PROLOG:
            raise broken()
        return self._done

    def _root(self, name: str, attributes: dict[str, str]) -> None:
        self._done = True
        self._parser.StartElementHandler = None

    def _doctype(self, *_: object) -> None:
        text = N_("This Excel file holds XML that Excel does not write (a document type); it is not read.")
        raise InvalidInput(faults=[Fault(text)])


def _check_directory(path: Path, limits: Limits) -> None:
    """The archive's table of contents, before a library reads it: a 50 MB one would take gigabytes of memory."""
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - _END_LENGTH - _ZIP64_LOCATOR_LENGTH - 0xFFFF))
        tail = file.read()
    at = tail.rfind(_END)
    if at < 0 or len(tail) - at < _END_LENGTH:
        raise broken()
    entries, directory = struct.unpack("<HL", tail[at + 10 : at + 16])
    if tail[max(0, at - _ZIP64_LOCATOR_LENGTH) : at].startswith(_ZIP64_LOCATOR) or entries > limits.max_entries or directory > _MAX_DIRECTORY:
        refuse_bomb()


def broken() -> InvalidInput:
    return InvalidInput(faults=[Fault(N_("This Excel file is damaged or not an Excel file. Save it once more as .xlsx, or as CSV."))])


def refuse_bomb() -> NoReturn:
    raise InvalidInput(faults=[Fault(N_("This Excel file unpacks to far more than a table needs; it is not read."))])
