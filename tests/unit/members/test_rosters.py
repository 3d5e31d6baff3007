"""Import of rosters (M10): every encoding and format, every fault by row and column, all or nothing, twice is once."""

from __future__ import annotations

import io
import zipfile
from datetime import date

import pytest
import sqlalchemy as sa
import xlsxwriter

from services.members.categories import list_categories
from services.members.errors import FileTooLarge, RosterNotReady, RosterOutdated
from services.members.export import Export
from services.members.members import add_guest, change_member
from services.members.models import MemberRow, RosterPartRow, RosterRow, StagedRow
from services.members.rosters import upload
from services.members.rosters.upload import confirm_roster, discard_roster, upload_roster
from services.members.search import matching
from services.members.standings import STANDINGS
from shared import jobs
from shared.audit import AuditRow
from shared.errors import InvalidInput
from shared.messages.members import PersonChanged
from shared.service import RunningService
from shared.tables import write_csv
from shared.web.i18n import translate
from tests.unit.members.conftest import (
    a_member,
    check,
    faults,
    import_all,
    make_society,
    members_of,
    roster_now,
    said,
    with_account,
    work,
)

HEADER = (
    "会員番号,氏名,氏名カナ,氏名英字,メールアドレス,会員種別,会員状況,入会日,所属,郵便番号,住所,電話番号,備考,推薦者"
)
ROWS = (
    "1,髙橋 花子,ﾀｶﾊｼ ﾊﾅｺ,Hanako Takahashi,Hanako@Example.jp,正会員,在会,2020/4/1,"
    "集い大学,〒1000001,東京都,03-1234-5678,,山田",
    "2,山﨑 蓮,やまざき れん,,ren@example.jp,学生会員,休会,令和2年4月1日,,,,,二人目,",
)


def roster(*rows: str, header: str = HEADER) -> str:
    return "\r\n".join((header, *rows)) + "\r\n"


def xlsx(rows: list[list[object]]) -> bytes:
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        day = book.add_format({"num_format": "yyyy/mm/dd"})
        for number, row in enumerate(rows):
            for column, cell in enumerate(row):
                if isinstance(cell, date):
                    sheet.write_datetime(number, column, cell, day)
                elif isinstance(cell, str) and cell.startswith("="):
                    sheet.write_formula(number, column, cell, value=1)
                elif isinstance(cell, str):
                    sheet.write_string(number, column, cell)
                else:
                    sheet.write(number, column, cell)
    return buffer.getvalue()


def as_xlsx(text: str) -> bytes:
    return xlsx([list(line.split(",")) for line in text.splitlines()])


ENCODINGS = {
    "utf-8": lambda text: text.encode(),
    "utf-8-bom": lambda text: text.encode("utf-8-sig"),
    "cp932": lambda text: text.encode("cp932"),
    "utf-16": lambda text: text.encode("utf-16"),
    "tabs": lambda text: text.replace(",", "\t").encode(),
    "xlsx": as_xlsx,
}


@pytest.mark.rule("M10")
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_roster_comes_in_whole_in_every_form(running: RunningService, society: str, encoding: str) -> None:
    done = import_all(running, society, ENCODINGS[encoding](roster(*ROWS)))
    assert (done.state, done.new, done.changed, done.same, done.faults) == ("imported", 2, 0, 0, 0)
    first, second = members_of(running, society)
    assert (first.number, first.name, first.kana, first.roman) == (
        "1",
        "髙橋 花子",
        "タカハシ ハナコ",
        "Hanako Takahashi",
    )
    assert (first.email, first.category, first.standing) == ("hanako@example.jp", "regular", "active")
    assert (first.joined_on, first.postcode, first.custom) == (date(2020, 4, 1), "100-0001", {"推薦者": "山田"})
    assert (second.name, second.kana, second.standing, second.joined_on) == (
        "山﨑 蓮",
        "ヤマザキ レン",
        "on_leave",
        date(2020, 4, 1),
    )
    assert (second.note, second.custom) == ("二人目", {})


@pytest.mark.rule("M10")
def test_rare_kanji_survive(running: RunningService, society: str) -> None:
    names = ["𠮷田 神", "髙﨑 邉", "濵田 祐", "葛󠄀城 辻"]
    text = roster(*(f"{i},{name},,,,正会員,,,,,,,," for i, name in enumerate(names)))
    import_all(running, society, text.encode())
    assert [row.name for row in members_of(running, society)] == names


@pytest.mark.rule("M10")
def test_headers_may_be_english_and_in_any_order(running: RunningService, society: str) -> None:
    header = "Name,Category,E-mail,Member number,Standing,Joined,Language"
    import_all(
        running,
        society,
        roster("Emily Carter,Regular member,e@example.org,7,Active,2024-10-01,English", header=header).encode(),
    )
    (row,) = members_of(running, society)
    assert (row.name, row.category, row.number, row.language) == ("Emily Carter", "regular", "7", "en")


@pytest.mark.rule("M10")
@pytest.mark.parametrize("encoding", ["cp932", "xlsx"])
def test_the_same_file_again_changes_nothing(running: RunningService, society: str, encoding: str) -> None:
    data = ENCODINGS[encoding](roster(*ROWS))
    import_all(running, society, data)
    before = [(row.id, row.revision) for row in members_of(running, society)]
    heard = len(said(running))
    again = check(running, society, data)
    assert (again.new, again.changed, again.same, again.can_be_imported) == (0, 0, 2, False)
    with pytest.raises(RosterNotReady), running.unit(society) as uow:
        confirm_roster(uow, again.id)
    assert [(row.id, row.revision) for row in members_of(running, society)] == before
    assert len(said(running)) == heard


@pytest.mark.rule("M10")
def test_the_dry_run_changes_nothing(running: RunningService, society: str) -> None:
    heard = len(said(running))
    done = check(running, society, roster(*ROWS).encode())
    assert (done.state, done.new) == ("checked", 2)
    assert members_of(running, society) == []
    assert len(said(running)) == heard


@pytest.mark.rule("M10")
def test_everybody_new_or_changed_is_announced_and_recorded(running: RunningService, society: str) -> None:
    import_all(running, society, roster(*ROWS).encode())
    import_all(running, society, roster(ROWS[0], ROWS[1].replace("山﨑 蓮", "山﨑 連")).encode())
    people = [message.person for message in said(running) if isinstance(message, PersonChanged)]
    assert [(p.number, p.name, p.revision, p.category_name) for p in people] == [
        ("1", "髙橋 花子", 1, "正会員"),
        ("2", "山﨑 蓮", 1, "学生会員"),
        ("2", "山﨑 連", 2, "学生会員"),
    ]
    with running.unit(society, reading=True) as uow:
        entry = uow.session.scalars(
            sa.select(AuditRow).order_by(AuditRow.id.desc()).where(AuditRow.before.is_not(None))
        ).first()
        assert (
            entry is not None
            and entry.before == {"name": "山﨑 蓮"}
            and entry.after
            and entry.after["name"] == "山﨑 連"
        )


@pytest.mark.rule("M10")
def test_what_a_file_does_not_mention_stays(running: RunningService, society: str) -> None:
    import_all(running, society, roster(*ROWS).encode())
    done = import_all(
        running, society, roster("1,髙橋 花子,正会員,新しい値", header="会員番号,氏名,会員種別,別の項目").encode()
    )
    assert (done.new, done.changed) == (0, 1)
    row = members_of(running, society)[0]
    assert (row.email, row.custom) == ("hanako@example.jp", {"推薦者": "山田", "別の項目": "新しい値"})


@pytest.mark.rule("M10")
def test_a_row_without_number_means_the_holder_of_its_address(running: RunningService, society: str) -> None:
    import_all(running, society, roster(*ROWS).encode())
    done = import_all(
        running, society, roster("髙橋 はな子,正会員,HANAKO@example.jp", header="氏名,会員種別,メールアドレス").encode()
    )
    assert (done.new, done.changed) == (0, 1)
    assert members_of(running, society)[0].name == "髙橋 はな子"


@pytest.mark.rule("M3")
def test_staff_who_stand_in_the_roster_become_members_with_the_same_account(
    running: RunningService, society: str, hashed: str
) -> None:
    with running.unit(society) as uow:
        guest = add_guest(uow, name="事務局", email="ren@example.jp")
    account = with_account(running, society, guest, hashed, ["administrator"])
    done = import_all(running, society, roster(*ROWS).encode())
    assert (done.new, done.changed) == (1, 1)
    row = next(row for row in members_of(running, society) if row.email == "ren@example.jp")
    assert (row.id, row.kind, row.number) == (guest.id, "individual", "2")
    assert account


BASE = (
    "9,山田 太郎,ヤマダ タロウ,Taro Yamada,taro@example.jp,正会員,在会,2020-04-01,"
    "集い大学,100-0001,東京都,03-1234-5678,,"
)
FAULTY = {
    "date that does not exist": ("2020-04-01", "2021-02-29", "joined_on", "no such day"),
    "date that is none": ("2020-04-01", "昨日", "joined_on", "not a date"),
    "date of the year 20": ("2020-04-01", "0020-04-01", "joined_on", "no such day"),
    "unknown category": ("正会員", "準会員", "category", "正会員、学生会員、名誉会員"),
    "no category": ("正会員", "", "category", "正会員、学生会員、名誉会員"),
    "unknown standing": ("在会", "休眠", "standing", "not known"),
    "no name": ("山田 太郎", "", "name", "fill this in"),
    "kanji in the reading": ("ヤマダ タロウ", "山田 タロウ", "kana", "katakana"),
    "kana in roman letters": ("Taro Yamada", "タロウ", "roman", "other characters"),
    "address without domain": ("taro@example.jp", "taro@", "email", "not a valid e-mail"),
    "two addresses": ("taro@example.jp", "a@example.jp b@example.jp", "email", "not a valid e-mail"),
    "address with a line break": ("taro@example.jp", "taro@example.jp\r\nBcc: x@example.jp", "email", "not a valid"),
    "postal code too short": ("100-0001", "100-001", "postcode", "not a postal code"),
    "telephone in words": ("03-1234-5678", "なし", "phone", "not a telephone number"),
    "number with a space": ("9", "9 9", "number", "no spaces"),
    "endless name": ("山田 太郎", "山" * 300, "name", "at most 200"),
}


@pytest.mark.rule("M10")
@pytest.mark.parametrize("case", FAULTY)
@pytest.mark.parametrize("encoding", ["utf-8-bom", "cp932", "xlsx"])
def test_each_fault_is_told_by_row_and_column(running: RunningService, society: str, case: str, encoding: str) -> None:
    right, wrong, column, sentence = FAULTY[case]
    if "\n" in wrong and encoding != "xlsx":
        pytest.skip("a line break in a cell needs quotation marks")
    cells = [wrong if cell == right else cell for cell in BASE.split(",")]
    table = [HEADER.split(","), ROWS[0].split(","), cells]
    data = (
        xlsx([list(row) for row in table])
        if encoding == "xlsx"
        else ENCODINGS[encoding]("\n".join(map(",".join, table)))
    )
    done = check(running, society, data)
    found = faults(running, society, done)
    assert [(row, where) for row, where, _ in found] == [(3, column)]
    assert sentence in found[0][2]
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


@pytest.mark.rule("M10")
def test_a_member_who_changed_after_the_check_stops_the_whole_import(running: RunningService, society: str) -> None:
    import_all(running, society, roster(*ROWS).encode())
    changed = roster(ROWS[0].replace("集い大学", "北辰大学"), ROWS[1], "3,新人,,,,正会員,,,,,,,,")
    done = check(running, society, changed.encode())
    with running.unit(society) as uow:
        change_member(uow, members_of(running, society)[0].id, {"phone": "03-0000-0000"})
    with running.unit(society) as uow:
        job = confirm_roster(uow, done.id)
    work(running)
    with running.unit(society, reading=True) as uow:
        assert jobs.look(uow, job.id).error == RosterOutdated.text
    assert roster_now(running, society, done.id).state == "checked"
    assert [row.number for row in members_of(running, society)] == ["1", "2"]
    with running.unit(society) as uow:
        upload.check_again(uow, done.id)
    work(running)
    with running.unit(society) as uow:
        confirm_roster(uow, done.id)
    work(running)
    assert next((row.number, row.phone) for row in members_of(running, society)) == ("1", "03-1234-5678")
    assert len(members_of(running, society)) == 3


@pytest.mark.rule("M10")
def test_a_number_that_was_given_after_the_check_stops_the_whole_import(running: RunningService, society: str) -> None:
    done = check(running, society, roster(*ROWS).encode())
    a_member(running, society, number="2")
    with running.unit(society) as uow:
        confirm_roster(uow, done.id)
    work(running)
    assert [row.number for row in members_of(running, society)] == ["2"]


def test_nothing_of_the_file_is_left_after_the_import(running: RunningService, society: str) -> None:
    import_all(running, society, roster(*ROWS).encode())
    with running.unit(society, reading=True) as uow:
        assert uow.session.scalars(sa.select(RosterPartRow.id)).all() == []
        assert uow.session.scalars(sa.select(StagedRow.id)).all() == []


def test_a_discarded_roster_leaves_nothing(running: RunningService, society: str) -> None:
    done = check(running, society, roster(*ROWS).encode())
    with running.unit(society) as uow:
        discard_roster(uow, done.id)
    with running.unit(society, reading=True) as uow:
        assert uow.get(RosterRow, done.id).state == "discarded"
        assert uow.session.scalars(sa.select(StagedRow.id)).all() == []
    with pytest.raises(RosterNotReady), running.unit(society) as uow:
        confirm_roster(uow, done.id)


@pytest.mark.rule("O3")
def test_societies_do_not_see_each_others_numbers(running: RunningService, society: str) -> None:
    other = make_society(running, "hokushin")
    import_all(running, other, roster(*ROWS).encode())
    done = import_all(running, society, roster(*ROWS).encode())
    assert (done.new, done.faults) == (2, 0)
    with running.unit(other, reading=True) as uow:
        assert uow.session.scalar(sa.select(sa.func.count()).select_from(MemberRow)) == 2


def test_an_export_read_in_again_changes_nothing(running: RunningService, society: str) -> None:
    import_all(running, society, roster(*ROWS, "=3,山田,,,,正会員,退会予定,,,,,,=1+1,").encode())
    for language in ("ja", "en"):
        with running.unit(society, reading=True) as uow:
            names = {row.code: row.name_in(language) for row in list_categories(uow)}
            words = {
                code: translate(text, language=language, package="services.members") for code, text in STANDINGS.items()
            }
            export = Export(uow, matching(), language=language, category=names.__getitem__, standing=words.__getitem__)
            data = b"".join(write_csv(export.headers, export.rows()))
        again = check(running, society, data)
        assert (again.same, again.changed, again.new, again.faults) == (3, 0, 0, 0), faults(running, society, again)
