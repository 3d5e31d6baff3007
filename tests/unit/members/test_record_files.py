"""Files of history records 履歴情報インポート: the template, the dry run with every fault, all or nothing (M16)."""

from __future__ import annotations

import io
import zipfile
from datetime import date
from typing import Any

import openpyxl
import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from services.members.errors.files import RecordsOutdated, RosterNotReady
from services.members.models import MemberRow, RecordRow, RosterRow, StagedRecordRow
from services.members.records.by_hand import change_record
from services.members.rosters.upload import confirm_roster, list_rosters, upload_roster
from shared import jobs
from shared.audit import AuditRow
from shared.identity import Role
from shared.service import RunningService
from tests.unit.members.conftest import LogIn, a_member, faults, post, roster_now, work
from tests.unit.members.roster_files import roster, xlsx

HEADER = "履歴ID,履歴種別,公開設定,会員番号,メールアドレス,履歴名称,履歴名称（英語）,開始日,終了日,備考（事務局用）"
ROWS = (
    ",イベント参加,1,,Hanako@Example.jp,第10回大会,10th Conference,2026-09-12,2026-09-13,",
    ",post,公開,１００２,,理事,,R7.4.1,2027/3/31,=1+1",
    ",受賞,,1001,hanako@example.jp,論文賞,,20260401,,内密",
)
PLACE = "/members/console/records/import"


@pytest.fixture(autouse=True)
def people(running: RunningService, society: str) -> list[MemberRow]:
    return [
        a_member(running, society, number="1001", email="hanako@example.jp"),
        a_member(running, society, name="山﨑 蓮", number="1002", email="ren@example.jp"),
    ]


@pytest.fixture
def office(as_role: LogIn) -> FlaskClient:
    return as_role(Role.AFFAIRS)


def check(running: RunningService, society: str, *rows: str, mode: str = "add", header: str = HEADER) -> RosterRow:
    with running.unit(society) as uow:
        row = upload_roster(
            uow, "records.csv", io.BytesIO(roster(*rows, header=header).encode()), holds="records", mode=mode
        )
    work(running)
    return roster_now(running, society, row.id)


def confirm(running: RunningService, society: str, file: RosterRow) -> RosterRow:
    with running.unit(society) as uow:
        confirm_roster(uow, file.id)
    work(running)
    return roster_now(running, society, file.id)


def brought(running: RunningService, society: str, *rows: str, **how: str) -> RosterRow:
    return confirm(running, society, check(running, society, *rows, **how))


def records(running: RunningService, society: str) -> dict[str, tuple[Any, ...]]:
    """(member, first day, last day, public, note) by title."""
    columns = (MemberRow.number, RecordRow.starts_on, RecordRow.ends_on, RecordRow.public, RecordRow.note)
    statement = sa.select(RecordRow.title, *columns).join(MemberRow, MemberRow.id == RecordRow.member_id)
    with running.unit(society, reading=True) as uow:
        return {row[0]: tuple(row[1:]) for row in uow.session.execute(statement.order_by(RecordRow.title))}


def downloaded(office: FlaskClient, **words: str) -> list[list[str]]:
    """The download, its texts replaced where `words` say so."""
    sheet = openpyxl.load_workbook(io.BytesIO(office.get("/members/console/records/export.xlsx").data)).active
    rows = [["" if cell is None else str(cell) for cell in row] for row in sheet.iter_rows(values_only=True)]
    return [[words.get(cell, cell).removesuffix(" 00:00:00") for cell in row] for row in rows]


@pytest.mark.rule("M16")
def test_a_file_is_checked_then_brings_records_and_brings_nothing_again(
    running: RunningService, society: str, people: list[MemberRow]
) -> None:
    file = check(running, society, *ROWS)
    assert (file.new, file.faults, records(running, society)) == (3, 0, {}), faults(running, society, file)
    assert confirm(running, society, file).state == "imported"
    found = records(running, society)
    assert found == {
        "第10回大会": ("1001", date(2026, 9, 12), date(2026, 9, 13), True, ""),
        "理事": ("1002", date(2025, 4, 1), date(2027, 3, 31), True, "=1+1"),
        "論文賞": ("1001", date(2026, 4, 1), date(2026, 4, 1), False, "内密"),
    }
    again = check(running, society, *ROWS[:2], ROWS[2].replace("内密", "別の備考"))
    assert (again.same, again.new, again.can_be_imported) == (3, 0, False), "the same record, whatever else it says"
    with running.unit(society, reading=True) as uow:
        (told,) = uow.session.scalars(sa.select(AuditRow).where(AuditRow.action == "import-records"))
        assert told.after and (told.after["new"], told.after["file"]) == (3, "records.csv")
        assert (
            uow.session.scalar(sa.select(sa.func.count(StagedRecordRow.id)).where(StagedRecordRow.roster_id == file.id))
            == 0
        ), "nothing of it is left"
        assert list_rosters(uow) == [], "no roster"


@pytest.mark.rule("M16")
def test_members_without_numbers_are_told_by_their_address(running: RunningService, society: str) -> None:
    rows = []
    for n in range(3):
        a_member(running, society, name=f"番号 なし{n}", email=f"none{n}@example.jp")
        rows.append(f",受賞,0,,none{n}@example.jp,論文賞{n},,2026-04-01,,")
    assert brought(running, society, *rows).new == 3
    with running.unit(society, reading=True) as uow:
        joined = sa.select(MemberRow.email, RecordRow.title).join(RecordRow, RecordRow.member_id == MemberRow.id)
        found = sorted((email, title) for email, title in uow.session.execute(joined))
    assert found == [(f"none{n}@example.jp", f"論文賞{n}") for n in range(3)]


FAULTY = {
    "unknown kind": (",表彰,1,1001,,賞,,2026-04-01,,", "kind_id", "イベント参加、受賞、役職"),
    "no title": (",受賞,1,1001,,,,2026-04-01,,", "title", "fill this in"),
    "endless title": (f",受賞,1,1001,,{'長' * 201},,2026-04-01,,", "title", "at most 200"),
    "no day": (",受賞,1,1001,,賞,,,,", "starts_on", "fill this in"),
    "day that does not exist": (",受賞,1,1001,,賞,,2026-02-30,,", "starts_on", "no such day"),
    "ends before it starts": (",受賞,1,1001,,賞,,2026-04-02,2026-04-01,", "ends_on", "before the first"),
    "public or not": (",受賞,多分,1001,,賞,,2026-04-01,,", "public", "1 or 0"),
    "unknown number": (",受賞,1,9999,,賞,,2026-04-01,,", "number", "9999"),
    "unknown address": (",受賞,1,,nobody@example.jp,賞,,2026-04-01,,", "email", "nobody@example.jp"),
    "two members": (",受賞,1,1001,ren@example.jp,賞,,2026-04-01,,", "email", "山﨑 蓮"),
    "nobody": (",受賞,1,,,賞,,2026-04-01,,", "number", "neither"),
    "key in a new row": ("019f0000-0000-7000-8000-000000000001,受賞,1,1001,,賞,,2026-04-01,,", "key", "change"),
    "garbage for a key": ("謎,受賞,1,1001,,賞,,2026-04-01,,", "key", "謎"),
}


@pytest.mark.rule("M16")
def test_every_fault_is_told_by_row_and_column_and_nothing_is_imported(running: RunningService, society: str) -> None:
    rows = (row.replace(",賞,", f",賞{n},") for n, (row, _, _) in enumerate(FAULTY.values()))  # no doubles
    file = check(running, society, ROWS[0], *rows)
    found = faults(running, society, file)
    assert [(row, column) for row, column, _ in found] == [
        (number, column) for number, (_, column, _) in enumerate(FAULTY.values(), start=3)
    ]
    assert all(sentence in text for (_, _, text), (_, _, sentence) in zip(found, FAULTY.values(), strict=True))
    with pytest.raises(RosterNotReady), running.unit(society) as uow:
        confirm_roster(uow, file.id)
    assert records(running, society) == {}


@pytest.mark.rule("S14")
@pytest.mark.rule("S15")
def test_a_formula_and_a_bomb_are_refused(running: RunningService, society: str, office: FlaskClient) -> None:
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * (5 << 20))
    row: list[object] = ["", "受賞", "1", "1001", "", "=1+1", "", "2026-04-01", "", ""]
    for data, place, sentence in (
        (xlsx([list(HEADER.split(",")), row]), (2, "title"), "formula"),
        (bomb.getvalue(), (0, ""), "unpacks"),
    ):
        sent = post(office, PLACE, page=PLACE, mode="add", file=(io.BytesIO(data), "a.xlsx"))
        work(running)
        ((number, column, text),) = faults(
            running, society, roster_now(running, society, sent.location.rpartition("/")[2])
        )
        assert ((number, column), sentence in text) == (place, True)


@pytest.mark.rule("M16")
def test_doubles_and_headers_are_told(running: RunningService, society: str) -> None:
    twice = check(running, society, ROWS[0], ROWS[0].replace(",,Hanako@Example.jp", ",1001,"))
    assert [(row, column) for row, column, _ in faults(running, society, twice)] == [(3, "title")]
    unknown = check(running, society, "x,受賞", header="謎の列,履歴種別")
    assert [column for _, column, _ in faults(running, society, unknown)] == ["title", "starts_on"]
    full = "履歴種別,会員番号,履歴名称,開始日,謎の列"
    assert [
        column
        for _, column, _ in faults(running, society, check(running, society, "受賞,1001,賞,2026-04-01,x", header=full))
    ] == ["謎の列"]


@pytest.mark.rule("M16")
def test_a_download_is_changed_in_bulk_and_every_change_stands_with_its_member(
    running: RunningService, society: str, people: list[MemberRow], office: FlaskClient
) -> None:
    brought(running, society, *ROWS)
    table = downloaded(office)
    same = check(running, society, *(",".join(row) for row in table[1:]), mode="change", header=",".join(table[0]))
    assert (same.same, same.changed, same.faults) == (3, 0, 0), faults(running, society, same)
    table = downloaded(office, 論文賞="優秀論文賞", 内密="")
    done = brought(running, society, *(",".join(row) for row in table[1:]), mode="change", header=",".join(table[0]))
    assert (done.state, done.changed, done.same) == ("imported", 1, 2)
    assert records(running, society)["優秀論文賞"] == ("1001", date(2026, 4, 1), date(2026, 4, 1), False, "")
    told = office.get(f"/members/console/members/{people[0].id}").text
    assert "受賞 論文賞 (2026-04-01)" in told and "受賞 優秀論文賞 (2026-04-01)" in told and "内密" in told
    assert "優秀論文賞" in office.get("/members/console/records?q=優秀").text, "the search knows the new title"


@pytest.mark.rule("M16")
def test_without_a_key_the_record_is_told_by_what_it_is_and_missing_columns_stay(
    running: RunningService, society: str
) -> None:
    brought(running, society, *ROWS)
    header = "会員番号,履歴種別,履歴名称,開始日,終了日,公開設定"
    done = brought(running, society, "1001,受賞,論文賞,2026-04-01,,1", mode="change", header=header)
    assert done.changed == 1
    assert records(running, society)["論文賞"] == ("1001", date(2026, 4, 1), date(2026, 4, 1), True, "内密")
    missing = check(running, society, "1001,受賞,謎の賞,2026-04-01,,1", mode="change", header=header)
    assert [(row, column) for row, column, _ in faults(running, society, missing)] == [(2, "title")]


@pytest.mark.rule("M16")
def test_a_bulk_deletion_takes_the_rows_of_the_file_and_no_others(
    running: RunningService, society: str, office: FlaskClient
) -> None:
    brought(running, society, *ROWS)
    table = downloaded(office)
    kept = [row for row in table[1:] if "理事" not in row]
    file = check(running, society, *(row[0] for row in kept), mode="remove", header=table[0][0])
    assert (file.removed, len(records(running, society))) == (2, 3)
    assert confirm(running, society, file).state == "imported"
    assert list(records(running, society)) == ["理事"]
    again = check(running, society, *(row[0] for row in kept), mode="remove", header=table[0][0])
    assert [(row, column) for row, column, _ in faults(running, society, again)] == [(2, "key"), (3, "key")]
    with running.unit(society, reading=True) as uow:
        gone = uow.session.scalars(sa.select(AuditRow).where(AuditRow.action == "remove-record")).all()
    assert sorted(entry.before["record"].split()[1] for entry in gone if entry.before) == ["第10回大会", "論文賞"]


@pytest.mark.rule("M16")
def test_keys_that_slipped_to_other_rows_are_noticed(
    running: RunningService, society: str, office: FlaskClient
) -> None:
    brought(running, society, *ROWS)
    keys = {row[5]: row[0] for row in downloaded(office)[1:]}
    header = "履歴ID,会員番号,履歴名称"
    slipped = check(running, society, f"{keys['理事']},1001,論文賞", mode="change", header=header)
    assert [(row, column) for row, column, _ in faults(running, society, slipped)] == [(2, "number")]
    row = f"{keys['論文賞']},イベント参加,第10回大会,2026-09-12,2026-09-13"
    taken = check(running, society, row, mode="change", header="履歴ID,履歴種別,履歴名称,開始日,終了日")
    assert [(row, column) for row, column, _ in faults(running, society, taken)] == [(2, "title")]


@pytest.mark.rule("M16")
def test_what_changed_after_the_check_stops_the_whole_import(running: RunningService, society: str) -> None:
    brought(running, society, *ROWS)
    header = "会員番号,履歴種別,履歴名称,開始日,終了日,公開設定"
    rows = ("1001,受賞,論文賞,2026-04-01,,1", "1002,役職,理事,2025-04-01,2027-03-31,0")
    for mode in ("change", "remove"):
        file = check(running, society, *rows, mode=mode, header=header)
        with running.unit(society) as uow:
            row = uow.session.scalars(sa.select(RecordRow).where(RecordRow.title == "論文賞")).one()
            change_record(uow, row.id, {"note": f"{mode} meanwhile"})
        before = records(running, society)
        after = confirm(running, society, file)
        with running.unit(society, reading=True) as uow:
            assert jobs.look(uow, after.job_id).error == RecordsOutdated.text
        assert (after.state, records(running, society)) == ("checked", before)
    fresh = ",受賞,1,1001,,新しい賞,,2026-04-01,,"
    file, other = check(running, society, fresh), check(running, society, fresh)
    confirm(running, society, other)
    assert confirm(running, society, file).state == "checked", "somebody has brought it meanwhile"


@pytest.mark.rule("M16")
@pytest.mark.parametrize(("language", "headers"), [("ja", HEADER.split(",")), ("en", None)])
def test_the_template_is_filled_in_and_read_in_the_readers_language(
    running: RunningService, society: str, office: FlaskClient, language: str, headers: list[str] | None
) -> None:
    office.get(f"{PLACE}?lang={language}")
    book = openpyxl.load_workbook(io.BytesIO(office.get(f"{PLACE}/template.xlsx").data))
    sheet, explained = book.worksheets
    titles = [cell.value for cell in sheet[1]]
    assert headers is None or titles == headers
    assert sheet.max_row == 1 and [row[0].value for row in explained.iter_rows(min_row=2)] == titles
    filled = xlsx([titles, ["", "受賞", 1, 1001, "", "論文賞", "", date(2026, 4, 1), "", ""]])
    answer = post(office, PLACE, page=PLACE, mode="add", file=(io.BytesIO(filled), "filled.xlsx"))
    work(running)
    page = office.get(answer.location).text
    assert "form-actions" not in page and f'action="{answer.location}/confirm"' in page
    assert post(office, f"{answer.location}/confirm", page=answer.location).status_code == 303
    work(running)
    assert list(records(running, society)) == ["論文賞"]


@pytest.mark.rule("W4")
def test_integrators_bring_files_too(running: RunningService, society: str, office: FlaskClient) -> None:
    token = {"Authorization": f"Bearer {office.get_cookie('tsudoi_token').value}"}  # type: ignore[union-attr]
    data = {"file": (io.BytesIO(roster(*ROWS, header=HEADER).encode()), "a.csv")}
    sent = office.post("/members/api/records/imports?mode=add", data=data, headers=token).get_json()
    assert (sent["holds"], sent["mode"], sent["state"]) == ("records", "add", "checking")
    work(running)
    assert office.get(f"/members/api/imports/{sent['id']}", headers=token).get_json()["new"] == 3
    assert office.post(f"/members/api/imports/{sent['id']}/confirm", headers=token).status_code == 202
    work(running)
    assert len(records(running, society)) == 3
    wrong = {"file": (io.BytesIO(b"x"), "a.csv")}
    assert office.post("/members/api/records/imports?mode=eat", data=wrong, headers=token).status_code == 422
