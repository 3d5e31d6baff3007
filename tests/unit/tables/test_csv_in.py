"""CSV rosters: encodings, quoting, delimiters, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from shared.errors import InvalidInput
from shared.tables import read_table
from tests.unit.tables.rosters import COLUMNS

NAMES = ["髙橋 花子", "山﨑 一郎", "佐藤 〜−①㈱"]


def write(tmp_path: Path, data: bytes) -> Path:
    path = tmp_path / "roster.csv"
    path.write_bytes(data)
    return path


def refusal(path: Path) -> InvalidInput:
    with pytest.raises(InvalidInput) as caught:
        list(read_table(path, columns=COLUMNS))
    return caught.value


@pytest.mark.rule("M10")
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", "\t"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_every_encoding_delimiter_and_line_end_gives_the_same_rows(
    tmp_path: Path, encoding: str, delimiter: str, newline: str
) -> None:
    names = [name.replace("〜−", "～－") for name in NAMES] if encoding == "cp932" else [*NAMES, "𠮷田 次郎", "葛󠄀城"]
    lines = [f"会員番号{delimiter}氏名", *(f"{i:04}{delimiter}{name}" for i, name in enumerate(names))]
    table = read_table(write(tmp_path, (newline.join(lines) + newline).encode(encoding)), columns=COLUMNS)
    assert [row for _, row in table] == [{"number": f"{i:04}", "name": name} for i, name in enumerate(names)]
    assert table.faults == []


def test_quoted_line_breaks_stay_in_their_cell_and_rows_are_numbered_as_a_spreadsheet_does(tmp_path: Path) -> None:
    text = '会員番号,氏名,備考\n1,"佐藤\n花子","a,""b"""\n\n2,鈴木,x\n'
    table = read_table(write(tmp_path, text.encode()), columns=COLUMNS)
    assert list(table) == [
        (2, {"number": "1", "name": "佐藤\n花子", "備考": 'a,"b"'}),
        (4, {"number": "2", "name": "鈴木", "備考": "x"}),
    ]
    assert table.custom == ("備考",)


def test_rows_can_be_read_again(tmp_path: Path) -> None:
    table = read_table(write(tmp_path, "会員番号,氏名\n1,佐藤\n".encode()), columns=COLUMNS)
    assert list(table) == list(table) == [(2, {"number": "1", "name": "佐藤"})]


@pytest.mark.parametrize(
    "header", ["ｍｅｍｂｅｒ　ＮＵＭＢＥＲ,NAME", "Member_Number,name", "会 員 番 号,氏　名", "number,name"]
)
def test_headers_match_in_both_languages_whatever_width_case_and_spaces(tmp_path: Path, header: str) -> None:
    table = read_table(write(tmp_path, f"{header}\n1,佐藤\n".encode()), columns=COLUMNS)
    assert [row for _, row in table] == [{"number": "1", "name": "佐藤"}]


def test_kana_with_loose_voiced_marks_is_composed_and_compatibility_kanji_stay(tmp_path: Path) -> None:
    table = read_table(write(tmp_path, "会員番号,氏名\n1,\u30ab\u3099 神\n".encode()), columns=COLUMNS)
    assert [row["name"] for _, row in table] == ["ガ 神"]


def test_short_rows_are_filled_and_cells_beyond_the_header_are_told(tmp_path: Path) -> None:
    table = read_table(write(tmp_path, "会員番号,氏名\n1\n2,鈴木,?\n".encode()), columns=COLUMNS)
    assert [row for _, row in table] == [{"number": "1", "name": ""}, {"number": "2", "name": "鈴木"}]
    assert [(fault.row, fault.field) for fault in table.faults] == [(3, "C")]


def test_control_characters_are_told(tmp_path: Path) -> None:
    table = read_table(write(tmp_path, "会員番号,氏名\n1,a\x00b\n2,a\tb\n".encode()), columns=COLUMNS)
    assert len(list(table)) == 2
    assert [(fault.row, fault.field) for fault in table.faults] == [(2, "name")]


@pytest.mark.parametrize(
    ("data", "params", "row"),
    [
        ("会員番号,氏名\n1,佐藤\n2,".encode() + b"\xff\xfe\n", {"line": 3, "encoding": "UTF-8"}, 3),
        (b"\xef\xbb\xbf" + "会員番号,氏名\n1,".encode() + b"\x81\n", {"line": 2, "encoding": "UTF-8-SIG"}, 2),
        ("会員番号,氏名\n1,佐藤\n2,".encode("cp932") + b"\x81\n", {"line": 3, "encoding": "CP932"}, 3),
    ],
)
def test_an_undecodable_file_names_the_line(tmp_path: Path, data: bytes, params: dict[str, object], row: int) -> None:
    [fault] = refusal(write(tmp_path, data)).faults
    assert (fault.params, fault.row) == (params, row)


@pytest.mark.parametrize("data", [b"", b"\xef\xbb\xbf", b"\r\n\r\n", b" , , \n"])
def test_an_empty_file_is_refused(tmp_path: Path, data: bytes) -> None:
    [fault] = refusal(write(tmp_path, data)).faults
    assert fault.text == "The file is empty."


def test_missing_and_doubled_headers_are_told_together(tmp_path: Path) -> None:
    faults = refusal(write(tmp_path, "会員番号,備考,Member number,備 考\n".encode())).faults
    assert [(fault.text, fault.params["column"]) for fault in faults] == [
        ("The column “%(column)s” stands in the file twice.", "Member number"),
        ("The column “%(column)s” stands in the file twice.", "備 考"),
        ("The column “%(column)s” is missing.", "氏名"),
    ]


def test_quotation_marks_that_do_not_match_name_the_row(tmp_path: Path) -> None:
    [fault] = refusal(write(tmp_path, '会員番号,氏名\n1,佐藤\n2,"鈴木\n3,x\n'.encode())).faults
    assert fault.row == 3


def test_limits_refuse_with_the_limit_in_the_sentence(tmp_path: Path) -> None:
    path = write(tmp_path, "会員番号,氏名\n1,a\n2,b\n3,c\n".encode())
    with pytest.raises(InvalidInput) as caught:
        list(read_table(path, columns=COLUMNS, max_rows=2))
    assert caught.value.faults[0].params == {"limit": 2}
    with pytest.raises(InvalidInput) as caught:
        list(read_table(path, columns=COLUMNS, max_cells=4))
    assert caught.value.faults[0].params == {"limit": 4}
    wide = write(tmp_path, ("会員番号,氏名" + ",x" * 1_000_000).encode())
    assert refusal(wide).faults[0].params["limit"] == 300


def test_100_megabytes_are_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "huge.csv"
    with path.open("wb") as file:
        file.truncate(100 * 1024 * 1024)
    [fault] = refusal(path).faults
    assert fault.params == {"size": 100, "limit": 50}
