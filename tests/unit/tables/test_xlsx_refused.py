"""XLSX files made to harm: refused quickly, in little memory, with a sentence."""

from __future__ import annotations

import struct
import time
import zipfile
from pathlib import Path

import pytest

from shared.errors import InvalidInput
from shared.tables import read_table
from tests.unit.tables.rosters import COLUMNS, cell, sheet, xlsx

_BOMB = "This Excel file unpacks to far more than a table needs; it is not read."
_DAMAGED = "This Excel file is damaged or not an Excel file. Save it once more as .xlsx, or as CSV."
_DOCTYPE = "This Excel file holds XML that Excel does not write (a document type); it is not read."


def refusal(path: Path) -> str:
    started = time.monotonic()
    with pytest.raises(InvalidInput) as caught:
        list(read_table(path, columns=COLUMNS))
    assert time.monotonic() - started < 5
    return caught.value.faults[0].text


@pytest.mark.rule("S15")
def test_a_bomb_is_refused_by_what_it_declares(tmp_path: Path) -> None:
    path = tmp_path / "bomb.xlsx"
    xlsx(path, sheet())
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive, archive.open("xl/media/a.bin", "w") as file:
        for _ in range(64):
            file.write(bytes(1 << 20))
    assert refusal(path) == _BOMB


@pytest.mark.rule("S15")
def test_a_bomb_that_lies_about_its_size_is_refused_while_it_unpacks(tmp_path: Path) -> None:
    path = xlsx(tmp_path / "bomb.xlsx", sheet() + " " * (64 << 20))
    data = bytearray(path.read_bytes())
    at = data.rfind(b"xl/worksheets/sheet1.xml") - 46
    assert data[at : at + 4] == b"PK\x01\x02"
    for size in (1 << 20, 8 << 20):  # both lies, the small and the middling, end the reading
        struct.pack_into("<L", data, at + 24, size)
        path.write_bytes(data)
        assert refusal(path) in (_BOMB, _DAMAGED)


@pytest.mark.rule("S15")
def test_an_archive_of_very_many_files_is_refused(tmp_path: Path) -> None:
    path = xlsx(tmp_path / "a.xlsx", sheet(), **{f"xl/media/{number}": "" for number in range(3_000)})
    assert refusal(path) == _BOMB


@pytest.mark.rule("S15")
@pytest.mark.parametrize("part", ["xl/workbook.xml", "xl/_rels/workbook.xml.rels", "xl/worksheets/sheet1.xml"])
@pytest.mark.parametrize(
    "doctype",
    [
        '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;">]>',
        '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd">',
    ],
)
def test_document_types_are_refused_in_every_part(tmp_path: Path, part: str, doctype: str) -> None:
    path = xlsx(tmp_path / "a.xlsx", sheet())
    with zipfile.ZipFile(path) as archive:
        content = archive.read(part).decode()
    xlsx(path, sheet(), **{part: f'<?xml version="1.0"?>{" " * 100_000}{doctype}{content}'})
    assert refusal(path) == _DOCTYPE


def test_a_document_type_in_utf_16_is_refused(tmp_path: Path) -> None:
    evil = '<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE x [<!ENTITY a "b">]>' + sheet()
    assert refusal(xlsx(tmp_path / "a.xlsx", evil.encode("utf-16"))) == _DOCTYPE


@pytest.mark.rule("S15")
def test_a_million_columns_are_refused(tmp_path: Path) -> None:
    row = f"<row r='2'>{''.join(f'<c><v>{n * 7919 % 100_003}</v></c>' for n in range(1_000_000))}</row>"
    assert refusal(xlsx(tmp_path / "a.xlsx", sheet(row))) == "Row %(row)s has more than %(limit)s columns."


def test_an_endless_cell_and_an_endless_attribute_are_refused(tmp_path: Path) -> None:
    assert refusal(xlsx(tmp_path / "a.xlsx", sheet(f"<row r='2'>{cell('A2', 'x' * 3_000_000)}</row>"))) == _DAMAGED
    assert refusal(xlsx(tmp_path / "b.xlsx", sheet(f"<row r='2' spans='{'9' * 3_000_000}'/>"))) == _DAMAGED


@pytest.mark.parametrize(
    "row",
    [
        "<row r='2'><c r='A2' t='s'><v>5</v></c></row>",
        "<row r='2'><c r='ZZZZ2'><v>5</v></c></row>",
        "<row r='2'><c r='B2'><v>5</v></c><c r='A2'><v>5</v></c></row>",
        "<row r='1'><c r='A1'><v>5</v></c></row>",
        "<row r='2'><c r='A2'><v>5</v></row>",
        "<row r='2'><c r='A2'><v>&undeclared;</v></c></row>",
    ],
)
def test_damaged_sheets_are_refused(tmp_path: Path, row: str) -> None:
    assert refusal(xlsx(tmp_path / "a.xlsx", sheet(row))) == _DAMAGED


def test_half_a_file_and_other_archives_are_refused(tmp_path: Path) -> None:
    path = xlsx(tmp_path / "a.xlsx", sheet(f"<row r='2'>{cell('A2', '1')}</row>"))
    whole = path.read_bytes()
    for length in range(4, len(whole), max(1, len(whole) // 40)):
        path.write_bytes(whole[:length])
        assert refusal(path) in (_DAMAGED, _BOMB)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme.txt", "x")
    assert refusal(path) == _DAMAGED


def test_old_excel_files_are_refused_with_advice(tmp_path: Path) -> None:
    path = tmp_path / "a.xls"
    path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600))
    assert refusal(path).startswith("This is an old Excel file")
