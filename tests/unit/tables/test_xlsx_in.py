"""XLSX rosters: what cells mean."""

from __future__ import annotations

from datetime import date, datetime, time
from pathlib import Path

import openpyxl
import pytest

from shared.errors import InvalidInput
from shared.tables import read_table
from tests.unit.tables.rosters import COLUMNS, RELATIONS, cell, sheet, xlsx


def book(path: Path, *rows: list[object]) -> Path:
    workbook = openpyxl.Workbook()
    page = workbook.active
    assert page is not None
    for row in (["会員番号", "氏名", "入会日", "会費"], *rows):
        page.append(row)
    workbook.save(path)
    return path


@pytest.mark.rule("M10")
def test_numbers_dates_and_names_come_as_people_see_them(tmp_path: Path) -> None:
    path = book(
        tmp_path / "a.xlsx",
        [12000.0, "髙橋 花子", date(2026, 4, 1), 0.1],
        [90123456789, "山﨑 𠮷", datetime(2026, 4, 1, 9, 30), 12000.5],
        ["0012", " 葛󠄀城 ", time(9, 30), True],
    )
    assert [list(row.values()) for _, row in read_table(path, columns=COLUMNS)] == [
        ["12000", "髙橋 花子", "2026-04-01", "0.1"],
        ["90123456789", "山﨑 𠮷", "2026-04-01T09:30:00", "12000.5"],
        ["0012", "葛󠄀城", "09:30:00", "TRUE"],
    ]


def test_japanese_era_formats_are_dates_and_money_formats_are_not(tmp_path: Path) -> None:
    workbook = openpyxl.Workbook()
    page = workbook.active
    assert page is not None
    page.append(["会員番号", "氏名", "入会日", "a", "b", "c"])
    page.append([1, "x", 46113, 46113, 46113, 1500])
    for column, code in (
        ("C", '[$-411]ggge"年"m"月"d"日"'),
        ("D", "0.00E+00"),
        ("E", '#,##0"円 d"'),
        ("F", "[Red]#,##0"),
    ):
        page[f"{column}2"].number_format = code
    workbook.save(tmp_path / "a.xlsx")
    [(_, row)] = read_table(tmp_path / "a.xlsx", columns=COLUMNS)
    assert [row["joined_on"], row["a"], row["b"], row["c"]] == ["2026-04-01", "46113", "46113", "1500"]


def test_formulas_are_told_and_their_value_is_read(tmp_path: Path) -> None:
    row = f"<row r='2'>{cell('A2', '1')}<c r='B2' t='str'><f>A1&amp;\"x\"</f><v>佐藤</v></c></row>"
    table = read_table(xlsx(tmp_path / "a.xlsx", sheet(row)), columns=COLUMNS)
    assert list(table) == [(2, {"number": "1", "name": "佐藤"})]
    assert [(fault.row, fault.field) for fault in table.faults] == [(2, "name")]
    assert "formula" in table.faults[0].text


def test_error_values_and_impossible_dates_are_told(tmp_path: Path) -> None:
    path = book(tmp_path / "a.xlsx", [1, "x", "2026-04-01"])
    workbook = openpyxl.load_workbook(path)
    page = workbook.active
    assert page is not None
    page["B2"].value, page["B2"].data_type = "#N/A", "e"
    page["C2"].value = -5
    page["C2"].number_format = "yyyy/mm/dd"
    workbook.save(path)
    table = read_table(path, columns=COLUMNS)
    assert len(list(table)) == 1
    assert [fault.field for fault in table.faults] == ["name", "joined_on"]


def test_furigana_is_no_part_of_the_name(tmp_path: Path) -> None:
    shared = (
        '<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><si><t>髙橋</t><rPh sb="0" eb="2">'
        "<t>タカハシ</t></rPh></si><si><r><t>山</t></r><r><t>﨑</t></r></si></sst>"
    )
    rows = "<row r='2'><c r='A2' t='s'><v>0</v></c><c r='B2' t='s'><v>1</v></c></row>"
    path = xlsx(tmp_path / "a.xlsx", sheet(rows), **{"xl/sharedStrings.xml": shared})
    assert [row for _, row in read_table(path, columns=COLUMNS)] == [{"number": "髙橋", "name": "山﨑"}]


def test_other_prefixes_and_cells_without_reference_are_read(tmp_path: Path) -> None:
    worksheet = (
        '<x:worksheet xmlns:x="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><x:sheetData>'
        "<x:row><x:c t='str'><x:v>会員番号</x:v></x:c><x:c t='str'><x:v>氏名</x:v></x:c></x:row>"
        "<x:row><x:c><x:v>7</x:v></x:c><x:c t='str'><x:v>佐藤</x:v></x:c></x:row></x:sheetData></x:worksheet>"
    )
    path = xlsx(tmp_path / "a.xlsx", worksheet)
    assert list(read_table(path, columns=COLUMNS)) == [(2, {"number": "7", "name": "佐藤"})]


def test_hidden_sheets_are_passed_over(tmp_path: Path) -> None:
    path = book(tmp_path / "a.xlsx", [1, "佐藤"])
    workbook = openpyxl.load_workbook(path)
    workbook.create_sheet("隠し", 0).sheet_state = "hidden"
    workbook.save(path)
    assert [row["name"] for _, row in read_table(path, columns=COLUMNS)] == ["佐藤"]


def test_links_to_outside_are_not_followed(tmp_path: Path) -> None:
    outside = RELATIONS.replace('Target="worksheets/sheet1.xml"', 'Target="http://127.0.0.1:9/x" TargetMode="External"')
    path = xlsx(tmp_path / "a.xlsx", sheet(), **{"xl/_rels/workbook.xml.rels": outside})
    with pytest.raises(InvalidInput) as caught:
        read_table(path, columns=COLUMNS)
    assert caught.value.faults[0].text == "The Excel file has no visible sheet."


def test_dates_of_1904_workbooks_are_right(tmp_path: Path) -> None:
    workbook = openpyxl.Workbook()
    workbook.epoch = openpyxl.utils.datetime.CALENDAR_MAC_1904
    page = workbook.active
    assert page is not None
    page.append(["会員番号", "氏名", "入会日"])
    page.append([1, "x", date(2026, 4, 1)])
    workbook.save(tmp_path / "a.xlsx")
    assert [row["joined_on"] for _, row in read_table(tmp_path / "a.xlsx", columns=COLUMNS)] == ["2026-04-01"]
