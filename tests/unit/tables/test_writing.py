"""Tables out: no formula gets in, no character gets lost, and what we write we read."""

from __future__ import annotations

import csv
import io
from datetime import date
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import InvalidInput
from shared.tables import Column, read_table, write_csv, write_xlsx
from tests.unit.tables.rosters import COLUMNS

_FORMULAS = [
    "=1+1",
    "+81-3-1234",
    "-5",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    '=HYPERLINK("http://127.0.0.1","x")',
    "＝1+1",
    "\0=1",
]


@pytest.mark.rule("S14")
def test_no_text_becomes_a_formula_in_csv() -> None:
    data = b"".join(write_csv(["=a"], [[text] for text in _FORMULAS])).decode("utf-8-sig")
    cells = [row[0] for row in csv.reader(io.StringIO(data, newline=""))]
    assert cells == [f"'{text}" for text in ["=a", *_FORMULAS]]


@pytest.mark.rule("S14")
def test_no_text_becomes_a_formula_in_xlsx_and_numbers_stay_numbers(tmp_path: Path) -> None:
    texts = [text for text in _FORMULAS if "\0" not in text and "\r" not in text]
    write_xlsx(["a", "b", "c"], [[text, -5, date(2026, 11, 21)] for text in texts], tmp_path / "a.xlsx")
    page = openpyxl.load_workbook(tmp_path / "a.xlsx").active
    assert page is not None
    for number, text in enumerate(texts, start=2):
        assert (page[f"A{number}"].value, page[f"A{number}"].data_type) == (text, "s")
        assert page[f"A{number}"].quotePrefix
        assert page[f"B{number}"].value == -5


def test_numbers_are_not_guarded_in_csv() -> None:
    assert (
        b"".join(write_csv(["a"], [[-5], [None], [date(2026, 4, 1)]], encoding="utf-8"))
        == b'a\r\n-5\r\n""\r\n2026-04-01\r\n'
    )


def test_a_character_that_cp932_lacks_is_told_with_its_cell() -> None:
    rows = [["1", "髙橋"], ["2", "𠮷田 é"]]
    with pytest.raises(InvalidInput) as caught:
        b"".join(write_csv(["会員番号", "氏名"], rows, encoding="cp932"))
    [fault] = caught.value.faults
    assert (fault.row, fault.field, fault.params) == (3, "氏名", {"characters": "𠮷é", "encoding": "CP932"})


def test_cp932_keeps_the_names_that_it_knows() -> None:
    assert b"".join(write_csv(["氏名"], [["髙橋 﨑"]], encoding="cp932")).decode("cp932") == "氏名\r\n髙橋 﨑\r\n"


def test_csv_comes_in_pieces() -> None:
    pieces = list(write_csv(["a"], ([str(number)] for number in range(5_000))))
    assert len(pieces) > 5
    assert pieces[0].startswith(b"\xef\xbb\xbf")
    assert not any(piece.startswith(b"\xef\xbb\xbf") for piece in pieces[1:])


_TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Cn")), min_size=1, max_size=12).filter(
    lambda text: text == text.strip() and not text.startswith("'") and not {"\u3099", "\u309a"} & set(text)
)


@given(st.lists(st.tuples(_TEXTS, _TEXTS), min_size=1, max_size=5))
def test_what_is_written_is_read_again(tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str]]) -> None:
    folder = tmp_path_factory.mktemp("round")
    write_xlsx(["会員番号", "氏名"], rows, folder / "a.xlsx")
    (folder / "a.csv").write_bytes(b"".join(write_csv(["会員番号", "氏名"], rows)))
    for name in ("a.xlsx", "a.csv"):
        table = read_table(folder / name, columns=COLUMNS)
        assert [(row["number"], row["name"]) for _, row in table] == rows
        assert table.faults == []


def test_a_column_knows_its_title() -> None:
    assert (Column("a").title, Column("a", ("い", "i")).title) == ("a", "い")
