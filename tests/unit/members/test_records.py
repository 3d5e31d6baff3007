"""History records 履歴情報: by hand, searched, downloaded, on My Page where they are public, kept for a time (M16)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from services.members.keeping import NOTICE, Keeping, last_day
from services.members.models import MemberRow, RecordKindRow, RecordRow
from services.members.records import keeping
from services.members.records.by_hand import add_record
from services.members.records.keeping import forget_old_records, keeping_of, set_keeping
from services.members.records.kinds import list_kinds
from shared import clock
from shared.audit import AuditRow
from shared.identity import Role
from shared.service import RunningService
from tests.unit.members.conftest import LogIn, a_member, make_society, post, today

LIST = "/members/console/records"
MINE = "/members/my/records"
API = "/members/api"


@pytest.fixture
def member(running: RunningService, society: str) -> MemberRow:
    return a_member(running, society, number="1001", email="hanako@example.jp")


@pytest.fixture
def office(as_role: LogIn) -> FlaskClient:
    return as_role(Role.AFFAIRS)


@pytest.fixture
def token(office: FlaskClient) -> dict[str, str]:
    return {"Authorization": f"Bearer {office.get_cookie('tsudoi_token').value}"}  # type: ignore[union-attr]


def kinds(running: RunningService, society: str) -> dict[str, str]:
    """The society's kinds, by name."""
    with running.unit(society, reading=True) as uow:
        return {row.name: row.id for row in list_kinds(uow)}


def add(running: RunningService, society: str, member: MemberRow, title: str, **values: Any) -> str:
    given = {"kind_id": kinds(running, society)["受賞"], "title": title, "starts_on": date(2026, 4, 1), **values}
    with running.unit(society) as uow:
        return add_record(uow, member.id, given).id


def records_now(running: RunningService, society: str) -> list[RecordRow]:
    with running.unit(society, reading=True) as uow:
        return list(uow.session.scalars(sa.select(RecordRow).order_by(RecordRow.title)))


def set_years(running: RunningService, society: str, years: int) -> Keeping:
    with running.unit(society) as uow:
        return set_keeping(uow, years)


def forget(running: RunningService, society: str, *, after: timedelta) -> list[str]:
    """The titles that are left when so much time has passed and the ticker has run."""
    with clock.travel(by=after), running.unit(society) as uow:
        forget_old_records(uow)
    return [row.title for row in records_now(running, society)]


@pytest.mark.rule("M16")
def test_the_office_adds_changes_and_removes_a_record_and_each_stands_in_the_history(
    running: RunningService, society: str, member: MemberRow, office: FlaskClient
) -> None:
    place = f"/members/console/members/{member.id}/records"
    form = {"kind_id": kinds(running, society)["役職"], "title": "理事", "starts_on": "2025-04-01"}
    assert post(office, place, page=place, **form, ends_on="2027-03-31", note="前任の推薦").status_code == 303
    (row,) = records_now(running, society)
    assert (row.starts_on, row.ends_on, row.public, row.source) == (date(2025, 4, 1), date(2027, 3, 31), False, "hand")
    assert post(office, place, page=place, **form, ends_on="2027-03-31", note="前任の推薦").status_code == 303
    assert len(records_now(running, society)) == 1, "a double click means it once"
    assert post(office, place, page=place, **form, ends_on="2027-03-31", note="").status_code == 409
    assert "理事" in office.get(f"/members/console/members/{member.id}").text
    changed = {**form, "title": "副会長", "public": "true", "revision": "1"}
    assert post(office, f"{place}/{row.id}", page=f"{place}/{row.id}", **changed).status_code == 303
    assert post(office, f"{place}/{row.id}", page=f"{place}/{row.id}", **changed).status_code == 409, (
        "changed meanwhile"
    )
    (row,) = records_now(running, society)
    assert (row.title, row.ends_on, row.public, row.note) == ("副会長", date(2025, 4, 1), True, "")
    assert post(office, f"{place}/{row.id}/remove", page=place).status_code == 303
    assert records_now(running, society) == []
    told = office.get(f"/members/console/members/{member.id}").text
    assert all(text in told for text in ("役職 理事 (2025-04-01–2027-03-31)", "役職 副会長 (2025-04-01)", "前任の推薦"))


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({"title": ""}, "title"),
        ({"title": "長" * 201}, "title"),
        ({"starts_on": "2026-02-30"}, "starts_on"),
        ({"ends_on": "2026-03-31"}, "ends_on"),
        ({"kind_id": "019f0000-0000-7000-8000-000000000009"}, "kind_id"),
    ],
)
def test_what_is_wrong_is_told_at_its_field(
    running: RunningService, society: str, member: MemberRow, office: FlaskClient, form: dict[str, str], field: str
) -> None:
    place = f"/members/console/members/{member.id}/records"
    right = {"kind_id": kinds(running, society)["受賞"], "title": "論文賞", "starts_on": "2026-04-01"}
    answer = post(office, place, page=place, **{**right, **form})
    assert answer.status_code == 422 and f'id="e-{field}"' in answer.text
    assert records_now(running, society) == []


@pytest.mark.rule("M16")
def test_the_member_sees_public_records_by_year_in_their_language_and_no_note(
    running: RunningService, society: str, member: MemberRow, as_role: LogIn
) -> None:
    add(running, society, member, "論文賞", title_en="Paper Award", public=True, note="内密")
    add(running, society, member, "奨励賞", public=True, starts_on=date(2024, 9, 1))
    add(running, society, member, "選考中の賞", note="内密")
    add(running, society, a_member(running, society, name="他 人"), "他人の賞", public=True)
    her = as_role(Role.MEMBER, person=member.id)
    page = her.get(MINE).text
    assert page.index("2026年</h2>") < page.index("論文賞") < page.index("2024年</h2>") < page.index("奨励賞")
    assert not any(text in page for text in ("選考中の賞", "他人の賞", "内密"))
    english = her.get(f"{MINE}?lang=en", follow_redirects=True).text
    assert "Paper Award" in english and "Award</span>" in english
    token = {"Authorization": f"Bearer {her.get_cookie('tsudoi_token').value}"}  # type: ignore[union-attr]
    own = her.get(f"{API}/my/records", headers=token).get_json()
    assert [(record["title"], record["kind_en"]) for record in own] == [("論文賞", "Award"), ("奨励賞", "Award")]
    assert all("note" not in record for record in own)


@pytest.mark.rule("M16")
def test_records_are_found_by_kind_words_member_and_days(
    running: RunningService, society: str, member: MemberRow, office: FlaskClient
) -> None:
    other = a_member(running, society, name="鈴木 一郎", kana="スズキ イチロウ")
    add(running, society, member, "第１０回大会 優秀賞", note="基調")
    add(running, society, other, "理事", kind_id=kinds(running, society)["役職"], ends_on=date(2028, 3, 31))
    for asked, found in (
        ("q=第10回", ["優秀賞"]),
        ("q=基調", ["優秀賞"]),
        (f"kind={kinds(running, society)['役職']}", ["理事"]),
        ("member=ｽｽﾞｷ", ["理事"]),
        ("since=2027-01-01&until=2027-01-31", ["理事"]),
        ("until=2026-03-31", []),
        ("since=nonsense&kind=nonsense", ["優秀賞", "理事"]),
    ):
        text = office.get(f"{LIST}/export.csv?{asked}").get_data(as_text=True)
        assert [word for word in ("優秀賞", "理事") if word in text] == found, asked
        assert [word for word in ("優秀賞</a>", "理事</a>") if word in office.get(f"{LIST}?{asked}").text] == [
            f"{word}</a>" for word in found
        ], asked


@pytest.mark.rule("S14")
def test_a_download_holds_no_formula(
    running: RunningService, society: str, member: MemberRow, office: FlaskClient
) -> None:
    add(running, society, member, "=HYPERLINK(1)", note="+1")
    text = office.get(f"{LIST}/export.csv").get_data(as_text=True)
    assert "'=HYPERLINK(1)" in text and "'+1" in text


@pytest.mark.rule("M16")
def test_after_a_year_records_are_deleted_by_themselves_and_counted(
    running: RunningService, society: str, member: MemberRow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "AT_ONCE", 2)
    for title in "abc":
        add(running, society, member, title, starts_on=date(2010, 1, 1))
    until = (last_day(today(running, society), 1) - today(running, society)).days
    assert forget(running, society, after=timedelta(days=until)) == ["a", "b", "c"], "the last day is included"
    assert len(forget(running, society, after=timedelta(days=until + 1))) == 1, "chunk by chunk"
    assert forget(running, society, after=timedelta(days=until + 1)) == []
    with running.unit(society, reading=True) as uow:
        told = uow.session.scalars(sa.select(AuditRow).where(AuditRow.action == "forget-old-records")).all()
    assert [entry.after and entry.after["count"] for entry in told] == [2, 1]


@pytest.mark.rule("M16")
def test_a_longer_time_counts_at_once_and_a_shorter_one_after_a_notice(
    running: RunningService, society: str, member: MemberRow, as_role: LogIn
) -> None:
    add(running, society, member, "論文賞")
    assert set_years(running, society, 8).years_on(today(running, society)) == 8
    year = timedelta(days=400)
    assert forget(running, society, after=year) == ["論文賞"]
    with clock.travel(by=year):
        office = as_role(Role.AFFAIRS)
        answer = post(office, f"{LIST}/keeping", page=f"{LIST}/keeping", years="1")
        assert answer.status_code == 303
        page = office.get(f"{LIST}/keeping").text
        with running.unit(society, reading=True) as uow:
            goes_on = uow.today + NOTICE
            assert keeping_of(uow).goes_on(records_now(running, society)[0].registered_on) == goes_on
        assert f"{goes_on:%Y/%m/%d}" in page and f"goes_by={goes_on}" in page
        assert "論文賞" in office.get(f"{LIST}/export.csv?goes_by={goes_on}").get_data(as_text=True)
        assert "自動的に削除" in office.get(LIST).text, "the list warns, too"
    assert forget(running, society, after=year + NOTICE - timedelta(days=1)) == ["論文賞"]
    assert forget(running, society, after=year + NOTICE) == []


@pytest.mark.parametrize("years", [1, 3, 8])
def test_what_is_said_of_a_day_and_what_is_deleted_on_it_agree(years: int) -> None:
    day = date(2023, 1, 1)
    while day < date(2025, 3, 5):
        goes = Keeping(years, years).goes_on(day)
        assert Keeping(years, years).gone_on(goes) > day >= Keeping(years, years).gone_on(goes - timedelta(days=1)), day
        day += timedelta(days=1)


def test_kinds_are_the_societys_own(
    running: RunningService, society: str, member: MemberRow, office: FlaskClient
) -> None:
    place = f"{LIST}/kinds"
    assert post(office, place, page=place, name="委員", name_en="Committee").status_code == 303
    assert post(office, place, page=place, name="ＡＷＡＲＤ", name_en="x").status_code == 409, "files could mean either"
    known = kinds(running, society)
    assert list(known) == ["イベント参加", "受賞", "役職", "委員"]
    assert post(office, f"{place}/{known['委員']}/up", page=place).status_code == 303
    assert list(kinds(running, society)) == ["イベント参加", "受賞", "委員", "役職"]
    add(running, society, member, "論文賞")
    assert post(office, f"{place}/{known['受賞']}/remove", page=place).status_code == 409
    assert post(office, f"{place}/{known['委員']}/remove", page=place).status_code == 303
    form = {"name": "表彰", "name_en": "Honour"}
    assert post(office, f"{place}/{known['受賞']}", page=place, **form).status_code == 303
    assert "表彰" in office.get(LIST).text
    with running.unit(make_society(running, "hokushin"), reading=True) as uow:
        assert "表彰" not in uow.session.scalars(sa.select(RecordKindRow.name)).all()


@pytest.mark.rule("W4")
def test_integrators_do_all_of_it(
    running: RunningService, society: str, member: MemberRow, office: FlaskClient, token: dict[str, str]
) -> None:
    def call(method: str, path: str, **json: Any) -> Any:
        return office.open(f"{API}{path}", method=method, headers=token, json=json or None)

    kind = call("POST", "/record-kinds", name="委員", name_en="Committee").get_json()["id"]
    assert call("PUT", f"/record-kinds/{kind}", name="委員会", name_en="Committee").get_json()["name"] == "委員会"
    assert call("POST", f"/record-kinds/{kind}/up").get_json()[2]["id"] == kind
    given = {"kind_id": kind, "title": "編集委員", "starts_on": "2026-04-01"}
    made = call("POST", "/records", member_id=member.id, **given).get_json()
    assert (made["ends_on"], made["public"], made["source"]) == ("2026-04-01", False, "hand")
    moved = call("PATCH", f"/records/{made['id']}", starts_on="2026-05-01", revision=1).get_json()
    assert (moved["ends_on"], moved["revision"]) == ("2026-05-01", 2), "a single day stays one"
    assert call("PATCH", f"/records/{made['id']}", public=True, revision=1).status_code == 409
    assert call("POST", "/records", member_id=member.id, **{**given, "title": "a\nb"}).status_code == 422
    assert call("GET", "/records?member=1001&limit=1").get_json()["records"][0]["id"] == made["id"]
    assert call("GET", f"/records/{made['id']}").get_json()["title"] == "編集委員"
    assert call("DELETE", f"/record-kinds/{kind}").status_code == 409
    assert call("DELETE", f"/records/{made['id']}").status_code == 204
    assert call("DELETE", f"/record-kinds/{kind}").status_code == 204
    assert call("PUT", "/record-keeping", years=9).status_code == 422
    assert call("PUT", "/record-keeping", years=8).get_json()["years"] == 8
    assert call("GET", "/record-keeping").get_json() == {
        "years": 8,
        "years_before": 8,
        "counts_from": None,
        "going": [],
    }
