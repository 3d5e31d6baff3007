"""What an import would change is looked at before it is confirmed; a file may be for new members or changes only."""

from __future__ import annotations

import io
from typing import Any

import openpyxl
import pytest
from flask.testing import FlaskClient

from services.members.members import change_member
from services.members.models import RosterRow
from services.members.rosters import differences
from services.members.rosters.upload import confirm_roster, upload_roster
from shared.identity import Role
from shared.service import RunningService
from tests.unit.members.conftest import LogIn, faults, import_all, members_of, post, roster_now, work
from tests.unit.members.roster_files import HEADER, ROWS, roster

PLACE = "/members/console/import"
THIRD = "3,新人 一郎,シンジン イチロウ,,third@example.jp,正会員,在会,2026-04-01,,,,,,"
CHANGED = ROWS[0].replace("集い大学", "北辰大学").replace("03-1234-5678", "").replace("山田", "鈴木")

SEARCHES: list[tuple[dict[str, str], list[int]]] = [
    ({"action": "changed"}, [2]),
    ({"action": "new"}, [4]),
    ({"action": "same"}, [3]),
    ({"field": "phone"}, [2]),
    ({"field": "custom.推薦者"}, [2]),
    ({"q": "ｼﾝｼﾞﾝ 一郎"}, [4]),
    ({"q": "山﨑"}, [3]),
    ({"q": "髙橋 2"}, []),
    ({}, [2, 3, 4]),
]


@pytest.fixture
def office(as_role: LogIn) -> FlaskClient:
    return as_role(Role.AFFAIRS)


@pytest.fixture
def known(running: RunningService, society: str) -> None:
    import_all(running, society, roster(*ROWS).encode())


def check(running: RunningService, society: str, *rows: str, mode: str = "both", header: str = HEADER) -> RosterRow:
    with running.unit(society) as uow:
        id = upload_roster(uow, "r.csv", io.BytesIO(roster(*rows, header=header).encode()), mode=mode).id
    work(running)
    return roster_now(running, society, id)


@pytest.mark.rule("M10")
def test_the_preview_shows_each_field_before_and_after(
    running: RunningService, society: str, office: FlaskClient, known: None
) -> None:
    done = check(running, society, CHANGED, ROWS[1], THIRD)
    assert done.differing == {"affiliation": 1, "phone": 1, "custom.推薦者": 1}
    page = office.get(f"{PLACE}/{done.id}").text
    assert (
        "所属（1）" in page
        and f"{done.id}/differences?action=changed&amp;field=custom.%E6%8E%A8%E8%96%A6%E8%80%85" in page
    )
    look = office.get(f"{PLACE}/{done.id}/differences").text
    for told in ("集い大学 → 北辰大学", "山田 → 鈴木", "空欄になります", "third@example.jp", "山﨑 蓮"):
        assert told in look, told
    assert "Before → after" in office.get(f"{PLACE}/{done.id}/differences?lang=en", follow_redirects=True).text
    assert [row.affiliation for row in members_of(running, society)] == ["集い大学", ""], "looking changes nothing"


@pytest.mark.rule("M10")
def test_differences_are_searched_alike_on_the_page_in_files_and_by_integrators(
    running: RunningService, society: str, office: FlaskClient, known: None
) -> None:
    done = check(running, society, CHANGED, ROWS[1], THIRD)
    place = f"{PLACE}/{done.id}/differences"
    for asked, rows in SEARCHES:
        page = office.get(place, query_string=asked).text
        shown = [name in page for name in ("髙橋 花子</a>", "山﨑 蓮</a>", "新人 一郎</th>")]
        assert shown == [row in rows for row in (2, 3, 4)], asked
        table = office.get(f"{place}.csv", query_string=asked).data.decode("utf-8-sig").splitlines()
        assert sorted({int(line.split(",")[0]) for line in table[1:]}) == rows, asked
        given = office.get(f"/members/api/imports/{done.id}/differences", query_string=asked).get_json()
        assert [row["row"] for row in given["rows"]] == rows and given["next"] is None, asked


@pytest.mark.rule("M10")
@pytest.mark.rule("W4")
def test_integrators_read_the_differences_page_by_page(
    running: RunningService, society: str, office: FlaskClient, known: None
) -> None:
    token = {"Authorization": f"Bearer {office.get_cookie('tsudoi_token').value}"}  # type: ignore[union-attr]
    data = {"file": (io.BytesIO(roster(CHANGED, ROWS[1], THIRD).encode()), "r.csv")}
    sent = office.post("/members/api/imports?mode=both", data=data, headers=token).get_json()
    work(running)
    place, read, after = f"/members/api/imports/{sent['id']}/differences", [], 0
    while after is not None:
        page = office.get(place, query_string={"limit": 1, "after": after}, headers=token).get_json()
        read += page["rows"]
        after = page["next"]
    assert [(row["action"], row["outdated"], bool(row["member_id"])) for row in read] == [
        ("changed", False, True),
        ("same", False, True),
        ("new", False, False),
    ]
    assert {"field": "affiliation", "before": "集い大学", "after": "北辰大学"} in read[0]["differences"]
    assert {"field": "joined_on", "before": None, "after": "2026-04-01"} in read[2]["differences"]
    wrong = {"file": (io.BytesIO(b"x"), "r.csv")}
    assert office.post("/members/api/imports?mode=eat", data=wrong, headers=token).status_code == 422
    body = office.get("/members/api/openapi.json").get_json()["paths"]["/members/api/imports"]["post"]["requestBody"]
    assert list(body["content"]) == ["multipart/form-data"]


@pytest.mark.rule("M10")
def test_differences_are_taken_along_as_a_sheet_of_any_length(
    running: RunningService, society: str, office: FlaskClient, known: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(differences, "AT_ONCE", 1)
    done = check(running, society, CHANGED, ROWS[1], THIRD)
    data = office.get(f"{PLACE}/{done.id}/differences.xlsx").data
    rows = list(openpyxl.load_workbook(io.BytesIO(data)).active.iter_rows(values_only=True))
    assert rows[0] == ("行", "区分", "会員番号", "氏名", "項目", "変更前", "変更後")
    assert (2, "更新", "1", "髙橋 花子", "所属", "集い大学", "北辰大学") in rows
    assert (3, "変更なし", "2", "山﨑 蓮", None, None, None) in rows
    assert (4, "新規", "3", "新人 一郎", "会員種別", None, "正会員") in rows


@pytest.mark.rule("M10")
@pytest.mark.parametrize(
    ("mode", "found"),
    [
        ("both", []),
        ("add", [(2, "number", "髙橋 花子 (1)")]),
        ("change", [(4, "number", "No member")]),
    ],
)
def test_a_row_that_does_not_fit_what_the_file_is_for_is_a_fault(
    running: RunningService, society: str, known: None, mode: str, found: list[tuple[int, str, str]]
) -> None:
    done = check(running, society, CHANGED, ROWS[1], THIRD, mode=mode)
    told = faults(running, society, done)
    assert [(row, column) for row, column, _ in told] == [(row, column) for row, column, _ in found]
    assert all(part in text for (_, _, text), (_, _, part) in zip(told, found, strict=True))


@pytest.mark.rule("M10")
@pytest.mark.parametrize(
    ("mode", "rows"), [("add", (THIRD,)), ("change", (CHANGED, ROWS[1])), ("both", (CHANGED, THIRD))]
)
def test_in_each_mode_the_same_file_again_changes_nothing(
    running: RunningService, society: str, known: None, mode: str, rows: tuple[str, ...]
) -> None:
    done = check(running, society, *rows, mode=mode)
    with running.unit(society) as uow:
        confirm_roster(uow, done.id)
    work(running)
    before = [(row.id, row.revision) for row in members_of(running, society)]
    again = check(running, society, *rows, mode=mode)
    assert (again.same, again.new, again.changed, again.faults) == (len(rows), 0, 0, 0)
    assert [(row.id, row.revision) for row in members_of(running, society)] == before


@pytest.mark.rule("M10")
def test_an_empty_cell_empties_the_field_and_a_column_that_is_missing_leaves_it(
    running: RunningService, society: str, known: None
) -> None:
    header = "会員番号,氏名,会員種別,所属,会員状況,言語"
    done = check(running, society, "1,髙橋 花子,正会員,,,", header=header)
    assert done.differing == {"affiliation": 1}
    assert check(running, society, "1,髙橋 花子,正会員", header="会員番号,氏名,会員種別").same == 1


@pytest.mark.rule("M10")
def test_who_was_changed_after_the_check_is_shown(
    running: RunningService, society: str, office: FlaskClient, known: None
) -> None:
    done = check(running, society, CHANGED, ROWS[1])
    with running.unit(society) as uow:
        change_member(uow, members_of(running, society)[0].id, {"phone": "03-0000-0000"})
    look = office.get(f"{PLACE}/{done.id}/differences?action=changed").text
    assert "確認後に変更されました" in look and "03-0000-0000" in look


@pytest.mark.rule("M10")
def test_what_a_file_is_for_is_chosen_on_the_page(running: RunningService, society: str, office: FlaskClient) -> None:
    def send(**form: Any) -> Any:
        return post(office, PLACE, page=PLACE, file=(io.BytesIO(roster(THIRD).encode()), "r.csv"), **form)

    place = send(mode="change").headers["Location"]
    work(running)
    assert "更新専用" in office.get(place).text
    assert send(mode="eat").status_code == 422
    assert "更新のみ" in office.get(PLACE).text
    gone = office.get(f"{place}/differences").text
    assert "新人 一郎" not in gone, "a row with a fault is told among the faults"
