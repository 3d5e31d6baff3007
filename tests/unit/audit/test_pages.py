"""The page 操作ログ, its files and its API: administrators find who changed what, before and after (W3)."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta
from typing import Any

import openpyxl
import pytest
from flask.testing import FlaskClient

from services.members.members import add_member, change_member
from shared import clock
from shared.audit import checks
from shared.audit.anchors import anchor_heads
from shared.audit.sealing import seal_new
from shared.identity import Role
from shared.ids import new_id
from shared.service import RunningService
from shared.web import audit_file, auditing
from tests.unit.audit.conftest import CLERK, OTHER, SOCIETY, LogIn, Open, as_superuser, record, sealed

PAGE, API = "/billing/console/audit", "/billing/api/audit"


@pytest.fixture
def admin(running: RunningService, log_in: LogIn) -> FlaskClient:
    return log_in(running, Role.ADMINISTRATOR)


def asked(client: FlaskClient, query: str = "") -> Any:
    """The API's answer."""
    return client.get(API + query).json


def subjects(client: FlaskClient, query: str = "") -> list[str]:
    """What the API finds, newest first."""
    return [each["subject"] for each in asked(client, query)["entries"]]


@pytest.mark.rule("W3")
def test_who_changed_an_address_is_found_with_before_and_after(open_service: Open, log_in: LogIn) -> None:
    running = open_service("members")
    with running.unit(SOCIETY, actor=CLERK) as uow:
        member = add_member(uow, {"name": "髙橋 花子", "address": "東京都千代田区1-1"})
    with running.unit(SOCIETY, actor=CLERK) as uow:
        change_member(uow, member.id, {"address": "大阪市北区2-2"})
    seal_new(running)
    admin = log_in(running, Role.ADMINISTRATOR)
    for query in (
        f"?subject=member/{member.id}",
        "?text=大阪市",
        "?action=change-member",
        "?actor=事務局",
        "?subject=member",
    ):
        text = admin.get(f"/members/console/audit{query}").text
        for words in (
            "事務局 花子",
            "会員情報を変更",
            "髙橋 花子",
            "住所",
            "<del>東京都千代田区1-1</del>",
            "大阪市北区2-2",
        ):
            assert words in text, (query, words)
        assert f'href="/members/console/members/{member.id}"' in text
    assert "大阪市" not in admin.get("/members/console/audit?text=札幌").text
    english = log_in(running, Role.ADMINISTRATOR, language="en").get("/members/console/audit").text
    assert "Changed a member" in english and "Address" in english
    assert (
        f"/members/console/audit?subject=member/{member.id}" in admin.get(f"/members/console/members/{member.id}").text
    )
    clerk = log_in(running, Role.AFFAIRS)
    assert "/members/console/audit" not in clerk.get(f"/members/console/members/{member.id}").text


@pytest.mark.rule("W3")
def test_searching_by_day_actor_action_subject_and_text(running: RunningService, admin: FlaskClient) -> None:
    record(running, "fee/1", before={"title": "年会費（正会員）"}, after={"title": "年会費 100%"})
    with clock.travel(by=-timedelta(days=40)):
        record(running, "run/2", action="plan-run", after={"name": "x_y"})
        then = clock.today().isoformat()
    assert subjects(admin) == ["run/2", "fee/1"], "in the order in which they were made"
    assert subjects(admin, f"?first={then}&last={then}") == ["run/2"]
    assert subjects(admin, f"?first={clock.today()}") == ["fee/1"]
    assert (
        subjects(admin, "?action=plan-run")
        == subjects(admin, "?subject=run")
        == subjects(admin, "?text=x_y")
        == ["run/2"]
    )
    assert (
        subjects(admin, "?text=正会員")
        == subjects(admin, "?text=100%25")
        == subjects(admin, "?subject=fee/1")
        == ["fee/1"]
    )
    assert subjects(admin, "?actor=花子") == ["run/2", "fee/1"]
    assert subjects(admin, "?actor=%25") == subjects(admin, "?text=x-y") == subjects(admin, "?subject=fe") == []


@pytest.mark.rule("W3")
def test_nonsense_is_told_by_field(admin: FlaskClient) -> None:
    answer = admin.get(f"{PAGE}?first=gestern")
    assert answer.status_code == 422 and "2026-04-01" in answer.text
    for query in ("?last=9999-12-31", "?before=x", "?limit=0"):
        answer = admin.get(API + query)
        assert (answer.status_code, asked(admin, query)["errors"][0]["field"]) == (422, query[1:].partition("=")[0])
    assert admin.get(f"{PAGE}/export.csv?first=x").status_code == 422


@pytest.mark.rule("W3")
def test_new_entries_do_not_shift_what_is_being_read(
    running: RunningService, admin: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(auditing, "SIZE", 3)
    record(running, *(f"fee/no-{n}" for n in range(7)))

    def read(address: str) -> tuple[list[str], Any]:
        text = admin.get(PAGE + address).text
        ways = {way: re.search(rf'rel="{way}" href="([^"]+)"', text) for way in ("prev", "next")}
        found = {way: match and match[1].replace("&amp;", "&") for way, match in ways.items()}
        return re.findall(r">会費 (no-\d)", text), found

    first, ways = read("?subject=fee")
    assert (first, ways["prev"]) == (["no-6", "no-5", "no-4"], None)
    record(running, "fee/no-7", "fee/no-8")
    second, ways = read(ways["next"])
    assert second == ["no-3", "no-2", "no-1"]
    third, last = read(ways["next"])
    assert (third, last["next"]) == (["no-0"], None)
    back, ways = read(last["prev"])
    assert back == second
    again, ways = read(ways["prev"])
    assert again == first
    assert read(ways["prev"])[0] == ["no-8", "no-7"]
    page = asked(admin, "?limit=4")
    rest = asked(admin, f"?limit=9&before={page['next']}")
    assert (len(page["entries"]), len(rest["entries"]), rest["next"]) == (4, 5, None)


@pytest.mark.rule("S35")
def test_the_page_shows_what_is_sealed_and_what_was_found(running: RunningService, admin: FlaskClient) -> None:
    sealed(running, 2)
    record(running, "fee/3")
    text = admin.get(PAGE).text
    assert "封印待ち" in text and "No. 2 まで封印済み" in text and "検証はまだ" in text
    anchor_heads(running)
    checks.check_chains(running)
    text = admin.get(PAGE).text
    assert "封印待ち" not in text and "No. 3 まで検証済み" in text and "改ざんの疑い" not in text
    state = asked(admin)["chain"]
    assert (state["number"], state["checked_to"], state["faults"]) == (3, 3, 0)
    as_superuser(running, "UPDATE audit SET actor_name = 'x'")
    with clock.travel(by=checks.REST):
        checks.check_chains(running)
    assert "操作ログに改ざんの疑いがあります" in admin.get(PAGE).text
    assert asked(admin)["chain"]["faults"] == 1


@pytest.mark.rule("W3")
@pytest.mark.rule("S20")
def test_files_hold_what_was_found_and_no_formula(running: RunningService, admin: FlaskClient) -> None:
    record(running, "=1+1", before={"title": "年会費"}, after={"title": "会費"})
    seal_new(running)
    record(running, "run/2", action="plan-run")
    answer = admin.get(f"{PAGE}/export.csv?action=change-fee")
    assert "billing-audit.csv" in answer.headers["Content-Disposition"]
    head, row, *rest = csv.reader(io.StringIO(answer.data.decode("utf-8-sig")))
    assert (head[:4], rest) == (["No.", "日時", "操作者", "操作"], [])
    assert [row[n] for n in (0, 2, 3, 6, 7)] == [
        "1",
        "事務局 花子",
        "会費を変更",
        "請求書の明細名: 年会費 → 会費",
        "'=1+1",
    ]
    with admin.get(f"{PAGE}/export.xlsx") as file:
        sheet = openpyxl.load_workbook(io.BytesIO(file.data)).active
    assert sheet is not None
    assert [sheet.cell(n, 4).value for n in (2, 3)] == ["請求作成の条件を設定", "会費を変更"]
    assert {cell.data_type for line in sheet.iter_rows() for cell in line} <= {"s", "n", "d"}


@pytest.mark.rule("W3")
def test_more_than_a_sheet_holds_is_refused(
    running: RunningService, admin: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_file, "MOST_IN_A_SHEET", 2)
    record(running, "fee/1", "fee/2", "fee/3")
    answer = admin.get(f"{PAGE}/export.xlsx", headers={"Accept": "application/problem+json"})
    assert answer.status_code == 422
    assert admin.get(f"{PAGE}/export.csv").data.count(b"\r\n") == 4


@pytest.mark.rule("S34")
def test_what_users_wrote_stays_text(running: RunningService, admin: FlaskClient) -> None:
    record(running, "fee/1", after={"amount": "viel", "tax_class": {"x": 1}, "title": 7})
    record(running, "fee/<i>{{ 7*7 }}", after={"<b>": "<script>x</script>", "list": [1, True], "map": {"a": None}})
    text = admin.get(PAGE).text
    assert "<script>x" not in text and "<b>" not in text and "<i>" not in text
    assert "{{ 7*7 }}" in text
    assert "1、はい" in text
    assert "viel" in text, "what an older release wrote otherwise is shown as it is"


@pytest.mark.rule("S3")
def test_another_society_sees_nothing_of_it(running: RunningService, log_in: LogIn) -> None:
    sealed(running, 2)
    stranger = log_in(running, Role.ADMINISTRATOR, society=OTHER)
    assert "fee" not in str(asked(stranger)["entries"])
    assert asked(stranger)["chain"]["number"] == 0
    assert "audit-entry" not in stranger.get(PAGE).text
    assert stranger.get(f"{PAGE}/export.csv").data.count(b"\r\n") == 1
    assert asked(stranger, f"?before={new_id()}")["entries"] == []
