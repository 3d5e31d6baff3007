"""What is wrong with a roster is told by row and column, and nothing is imported."""

from __future__ import annotations

import csv
import io
import zipfile

import pytest
import sqlalchemy as sa

from services.members.errors.files import FileTooLarge, RosterNotReady
from services.members.models import RosterPartRow
from services.members.rosters.columns import COLUMNS
from services.members.rosters.upload import confirm_roster, upload_roster
from shared.errors import InvalidInput
from shared.service import RunningService
from tests.unit.members.conftest import (
    a_member,
    check,
    faults,
    members_of,
)
from tests.unit.members.roster_files import ENCODINGS, roster, xlsx

FULL_WIDTH = {code: code + 0xFEE0 for code in range(ord("!"), ord("~") + 1)}

BASE = {
    "number": "9",
    "name": "山田 太郎",
    "kana": "ヤマダ タロウ",
    "roman": "Taro Yamada",
    "email": "taro@example.jp",
    "category": "正会員",
    "kind": "個人",
    "standing": "在会",
    "joined_on": "2020-04-01",
    "leaves_on": "",
    "affiliation": "集い大学",
    "postcode": "100-0001",
    "address": "東京都",
    "phone": "03-1234-5678",
    "note": "",
    "language": "日本語",
}
FAULTY = {
    "date that does not exist": ("joined_on", "2021-02-29", "no such day"),
    "date that is none": ("joined_on", "昨日", "not a date"),
    "date of the year 20": ("joined_on", "0020-04-01", "no such day"),
    "last day before the first": ("leaves_on", "2019-03-31", "before the date of joining"),
    "unknown category": ("category", "準会員", "正会員、学生会員、名誉会員"),
    "no category": ("category", "", "正会員、学生会員、名誉会員"),
    "unknown standing": ("standing", "休眠", "not known"),
    "unknown language": ("language", "ラテン語", "“ja” or “en”"),
    "no name": ("name", "", "fill this in"),
    "endless name": ("name", "山" * 300, "at most 200"),
    "kanji in the reading": ("kana", "山田 タロウ", "katakana"),
    "kana in roman letters": ("roman", "タロウ", "other characters"),
    "address without domain": ("email", "taro@", "not a valid e-mail"),
    "two addresses": ("email", "a@example.jp b@example.jp", "not a valid e-mail"),
    "address with a line break": ("email", "taro@example.jp\r\nBcc: x@example.jp", "not a valid"),
    "postal code too short": ("postcode", "100-001", "not a postal code"),
    "telephone in words": ("phone", "なし", "not a telephone number"),
    "neither individual nor corporate": ("kind", "財団", "neither an individual nor"),
    "number with a space": ("number", "9 9", "no spaces"),
    "endless number": ("number", "9" * 31, "at most 30"),
    "endless affiliation": ("affiliation", "所" * 501, "at most 500"),
    "endless address": ("address", "都" * 501, "at most 500"),
    "endless note": ("note", "注" * 5001, "at most 5000"),
}
HEADERS = {
    "Japanese": [column.headers[0] for column in COLUMNS],
    "English": [column.headers[1] for column in COLUMNS],
    "the last that is known": [column.headers[-1] for column in COLUMNS],
    "keys": [column.name for column in COLUMNS],
    "full width, capitals, spaces": [f" {column.headers[1].upper().translate(FULL_WIDTH)}\u3000" for column in COLUMNS],
}


def table(headers: list[str]) -> list[list[str]]:
    """A row for each fault, below one that is right."""
    rows = [headers, [BASE[column.name] for column in COLUMNS]]
    for place, (wrong, cell, _sentence) in enumerate(FAULTY.values()):
        person = {**BASE, "number": str(100 + place), "email": f"m{place}@example.jp", wrong: cell}
        rows.append([person[column.name] for column in COLUMNS])
    return rows


def written(rows: list[list[str]], encoding: str) -> bytes:
    if encoding == "xlsx":
        return xlsx([list(row) for row in rows])
    text = io.StringIO()
    csv.writer(text, delimiter="\t" if encoding == "tabs" else ",").writerows(rows)
    return text.getvalue().encode() if encoding == "tabs" else ENCODINGS[encoding](text.getvalue())


@pytest.mark.rule("M10")
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_each_fault_is_told_by_row_and_column_in_every_form(
    running: RunningService, society: str, encoding: str
) -> None:
    for spelled, headers in HEADERS.items():
        done = check(running, society, written(table(headers), encoding))
        found = {row: (column, text) for row, column, text in faults(running, society, done)}
        assert sorted(found) == list(range(3, 3 + len(FAULTY))) and done.faults == len(FAULTY), (spelled, found)
        for row, (case, (column, _cell, sentence)) in enumerate(FAULTY.items(), start=3):
            assert found[row][0] == column and sentence in found[row][1], (spelled, case, found[row])
        with pytest.raises(RosterNotReady), running.unit(society) as uow:
            confirm_roster(uow, done.id)
    assert members_of(running, society) == []


@pytest.mark.rule("M10")
def test_all_faults_are_told_at_once_in_the_order_of_the_file(running: RunningService, society: str) -> None:
    done = check(
        running,
        society,
        roster(
            "1,山田,kana,,x,謎,,2021-13-01,,,,,,", "1,鈴木,,,s@example.jp,正会員,,,,,,,,", ",佐藤,,,,正会員,,,,,,,,"
        ).encode(),
    )
    assert [(row, column) for row, column, _ in faults(running, society, done)] == [
        (2, "kana"),
        (2, "email"),
        (2, "joined_on"),
        (2, "category"),
        (3, "number"),
        (4, "number"),
    ]
    assert done.faults == 6


@pytest.mark.rule("M10")
def test_doubles_within_the_file_name_the_first_row(running: RunningService, society: str) -> None:
    rows = (
        "1,A,,,a@example.jp,正会員,,,,,,,,",
        "2,B,,,A@Example.jp,正会員,,,,,,,,",
        "１,C,,,c@example.jp,正会員,,,,,,,,",
    )
    found = faults(running, society, check(running, society, roster(*rows).encode()))
    assert [(row, column) for row, column, _ in found] == [(3, "email"), (4, "number")]
    assert all("row 2" in text for _, _, text in found)


@pytest.mark.rule("M3")
def test_an_address_of_another_member_is_refused_and_the_holder_named(running: RunningService, society: str) -> None:
    a_member(running, society, name="退会 済子", number="77", email="taken@example.jp", standing="left")
    found = faults(
        running, society, check(running, society, roster("1,山田,,,taken@example.jp,正会員,,,,,,,,").encode())
    )
    assert found == [(2, "email", "This e-mail address belongs to another member: 退会 済子 (77).")]


def test_two_rows_that_mean_one_member_are_told(running: RunningService, society: str) -> None:
    a_member(running, society, number="1", email="old@example.jp")
    rows = ("1,花子,,,new@example.jp,正会員,,,,,,,,", ",花子,,,old@example.jp,正会員,,,,,,,,")
    found = faults(running, society, check(running, society, roster(*rows).encode()))
    assert [(row, text) for row, _, text in found] == [(3, "This row means the same member as row 2.")]


@pytest.mark.parametrize(
    ("header", "sentence"),
    [
        ("会員番号,メールアドレス,会員種別", "氏名"),
        ("会員番号,氏名", "会員種別"),
        ("会員番号,氏名,会員種別,氏名", "twice"),
        ("会員番号,Member number,氏名,会員種別", "twice"),
    ],
)
def test_missing_and_doubled_headers_are_told(
    running: RunningService, society: str, header: str, sentence: str
) -> None:
    found = faults(running, society, check(running, society, roster("1,a,b,c", header=header).encode()))
    assert found and sentence in found[0][2]


@pytest.mark.rule("S15")
def test_formulas_are_refused_by_row_and_column(running: RunningService, society: str) -> None:
    data = xlsx([["会員番号", "氏名", "会員種別"], ["1", "=1+1", "正会員"]])
    ((row, column, text),) = faults(running, society, check(running, society, data))
    assert (row, column) == (2, "name") and "formula" in text


@pytest.mark.rule("S15")
def test_a_bomb_is_refused(running: RunningService, society: str) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * (200 << 20))
    found = faults(running, society, check(running, society, buffer.getvalue()))
    assert len(found) == 1 and "unpacks" in found[0][2]


@pytest.mark.parametrize(
    "data",
    [
        b"\x00\x01\x02\xff\xfe" * 10,
        b"\xd0\xcf\x11\xe0 old excel",
        b"PK\x03\x04 half an archive",
        "氏名\n".encode() + b"\xff",
    ],
)
def test_files_that_are_no_tables_are_refused_with_a_sentence(
    running: RunningService, society: str, data: bytes
) -> None:
    done = check(running, society, data)
    assert done.state == "checked"
    assert faults(running, society, done)


def test_an_empty_file_is_refused_at_once(running: RunningService, society: str) -> None:
    with pytest.raises(InvalidInput), running.unit(society) as uow:
        upload_roster(uow, "empty.csv", io.BytesIO(b""))


def test_a_header_alone_is_refused(running: RunningService, society: str) -> None:
    found = faults(running, society, check(running, society, roster().encode()))
    assert "no rows" in found[0][2]


def test_a_hundred_megabytes_are_refused_while_they_come(running: RunningService, society: str) -> None:
    class Endless(io.RawIOBase):
        given = 0

        def read(self, size: int = -1) -> bytes:
            self.given += size
            return b"x" * size if self.given <= 100 << 20 else b""

    file = Endless()
    with pytest.raises(FileTooLarge), running.unit(society) as uow:
        upload_roster(uow, "huge.csv", file)  # type: ignore[arg-type]
    assert file.given < 60 << 20
    with running.unit(society, reading=True) as uow:
        assert uow.session.scalars(sa.select(RosterPartRow.id)).first() is None


def test_more_faults_than_anybody_reads_are_counted(
    running: RunningService, society: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.members.rosters.check.MOST_FAULTS", 10)
    done = check(running, society, roster(*(f"{i},,,,,正会員,,,,,,,," for i in range(50))).encode())
    assert done.faults == 50
    assert len(faults(running, society, done)) == 10
