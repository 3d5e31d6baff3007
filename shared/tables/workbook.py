"""What surrounds a worksheet: which one is first, which number formats are dates, and the texts that cells share."""

from __future__ import annotations

import os
import posixpath
import re
import tempfile
import weakref
from array import array
from dataclasses import dataclass
from xml.parsers import expat

from shared.errors import N_, Fault, InvalidInput
from shared.tables.limits import Limits
from shared.tables.package import Package, broken, local

# ECMA-376 18.8.30, with the Japanese and other East Asian ones
_BUILT_IN_DATES = {*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)}
_NOT_CODE = re.compile(r'"[^"]*"|\\.|_.|\*.|\[[^\]]*\]')
_MAX_STYLES = 70_000
_CACHED_TEXTS = 10_000


@dataclass(frozen=True)
class Workbook:
    sheet: str  # the part that holds the first visible worksheet
    shared_strings: str | None
    date_styles: frozenset[int]
    from_1904: bool


def open_workbook(package: Package) -> Workbook:
    main = next(
        (part for kind, part in _relationships(package, "").values() if kind == "officeDocument"), "xl/workbook.xml"
    )
    related = _relationships(package, main)
    sheets: list[str] = []
    from_1904 = False

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal from_1904
        if local(tag) == "workbookPr":
            from_1904 = attributes.get("date1904") in ("1", "true")
        elif local(tag) == "sheet" and attributes.get("state", "visible") == "visible":
            reference = next((v for k, v in attributes.items() if k.endswith(":id")), "")
            kind, part = related.get(reference, ("", ""))
            if kind == "worksheet":
                sheets.append(part)

    parser = expat.ParserCreate()
    parser.StartElementHandler = start
    package.parse_all(main, parser)
    if not sheets:
        raise InvalidInput(faults=[Fault(N_("The Excel file has no visible sheet."))])
    by_kind = {kind: part for kind, part in related.values() if part in package}
    styles = by_kind.get("styles")
    dates = _date_styles(package, styles) if styles else frozenset[int]()
    return Workbook(sheets[0], by_kind.get("sharedStrings"), dates, from_1904)


def _relationships(package: Package, part: str) -> dict[str, tuple[str, str]]:
    """id → (kind, part) of what a part refers to inside the file. Links to outside are not followed, nor even kept."""
    folder, name = posixpath.split(part)
    source = posixpath.join(folder, "_rels", f"{name}.rels")
    found: dict[str, tuple[str, str]] = {}
    if source not in package:
        return found

    def start(tag: str, attributes: dict[str, str]) -> None:
        if local(tag) == "Relationship" and attributes.get("TargetMode") != "External":
            target = posixpath.normpath(posixpath.join("/", folder, attributes.get("Target", ""))).lstrip("/")
            found[attributes.get("Id", "")] = (posixpath.basename(attributes.get("Type", "")), target)

    parser = expat.ParserCreate()
    parser.StartElementHandler = start
    package.parse_all(source, parser)
    return found


def _date_styles(package: Package, part: str) -> frozenset[int]:
    codes: dict[str, str] = {}
    formats: list[str] = []
    inside = False

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal inside
        name = local(tag)
        if name == "numFmt":
            codes[attributes.get("numFmtId", "")] = attributes.get("formatCode", "")
        elif name == "cellXfs":
            inside = True
        elif name == "xf" and inside:
            formats.append(attributes.get("numFmtId", "0"))
        if len(formats) + len(codes) > _MAX_STYLES:
            raise broken()

    def end(tag: str) -> None:
        nonlocal inside
        if local(tag) == "cellXfs":
            inside = False

    parser = expat.ParserCreate()
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    package.parse_all(part, parser)
    return frozenset(index for index, number in enumerate(formats) if _is_date(number, codes))


def _is_date(number: str, codes: dict[str, str]) -> bool:
    if number in codes:
        code = _NOT_CODE.sub("", codes[number].partition(";")[0]).lower()
        return code != "general" and re.search("[ymdhs]", code) is not None
    return number.isdecimal() and int(number) in _BUILT_IN_DATES


class SharedStrings:
    """The texts that cells refer to by number, in a temporary file: a roster has nearly as many as it has cells."""

    def __init__(self, package: Package, part: str, limits: Limits) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115  (lives as long as this object)
        weakref.finalize(self, self._file.close)
        self._ends = array("L", [0])
        self._cache: dict[int, str] = {}
        pieces: list[str] = []
        phonetic = 0
        length = 0

        def start(tag: str, attributes: dict[str, str]) -> None:
            nonlocal phonetic
            name = local(tag)
            if name == "t":
                parser.CharacterDataHandler = None if phonetic else characters
            elif name == "rPh":  # furigana: how to read the text, not text
                phonetic += 1

        def characters(text: str) -> None:
            nonlocal length
            length += len(text)
            if length > limits.max_cell_characters:
                raise broken()
            pieces.append(text)

        def end(tag: str) -> None:
            nonlocal phonetic, length
            name = local(tag)
            if name == "t":
                parser.CharacterDataHandler = None
            elif name == "rPh":
                phonetic -= 1
            elif name == "si":
                self._ends.append(self._ends[-1] + self._file.write("".join(pieces).encode("utf-8", "replace")))
                pieces.clear()
                length = 0
                if len(self._ends) > limits.max_cells:
                    raise broken()

        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartElementHandler = start
        parser.EndElementHandler = end
        package.parse_all(part, parser)
        self._file.flush()

    def __getitem__(self, index: int) -> str:
        text = self._cache.get(index)
        if text is None:
            if not 0 <= index < len(self._ends) - 1:
                raise broken()
            begin, end = self._ends[index], self._ends[index + 1]
            text = os.pread(self._file.fileno(), end - begin, begin).decode()
            if len(self._cache) >= _CACHED_TEXTS:
                self._cache.clear()
            self._cache[index] = text
        return text
