"""Announcements お知らせ: written by the office, in its own order, read by those whom they are for (M15)."""

from __future__ import annotations

import re
from datetime import datetime, time, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from services.members.announcements.audience import count_readers, is_for
from services.members.announcements.editing import add_announcement, change_announcement, in_order
from services.members.announcements.reading import announcements_for
from services.members.announcements.telling import MORNING, tell_announcements
from services.members.models import AnnouncementRow, CategoryRow, MemberRow, ReadRow
from shared import clock
from shared.audit import AuditRow
from shared.identity import Role
from shared.messages.members import AnnouncementPublished
from shared.service import RunningService
from shared.web.filters import linked
from tests.unit.members.conftest import LogIn, a_member, make_society, members_of, post, said, today

MINE = "/members/my/announcements"
OFFICE = "/members/console/announcements"
DAY = timedelta(days=1)


@pytest.fixture
def office(as_role: LogIn) -> FlaskClient:
    return as_role(Role.AFFAIRS)


@pytest.fixture
def student(running: RunningService, society: str) -> MemberRow:
    return a_member(running, society, name="学生 花子", category="student", standing="active")


@pytest.fixture
def her(as_role: LogIn, student: MemberRow) -> FlaskClient:
    return as_role(Role.MEMBER, person=student.id)


def write(running: RunningService, society: str, title: str = "総会のご案内", **given: Any) -> str:
    """Shown from today on, unless it says otherwise; its id."""
    with running.unit(society) as uow:
        return add_announcement(uow, {"title": title, "shown_from": uow.today, **given}).id


def change(running: RunningService, society: str, id: str, **given: Any) -> None:
    with running.unit(society) as uow:
        change_announcement(uow, id, given)


def titles(text: str) -> list[str]:
    """Of a member's list, in its order."""
    return re.findall(r'class="news".*?<span>(.*?)(?: <span class="badge|</span>)', text, re.S)


def orders(running: RunningService, society: str) -> list[str]:
    with running.unit(society, reading=True) as uow:
        return [row.title for row in uow.session.scalars(in_order())]


@pytest.mark.rule("M15")
@pytest.mark.rule("M13")
def test_the_office_writes_and_a_member_reads(
    running: RunningService, society: str, office: FlaskClient, her: FlaskClient
) -> None:
    day = today(running, society)
    form = {"title": "総会のご案内", "body": "日時：5月1日\r\n詳細はhttps://example.jp/sokai をご覧ください。"}
    saved = post(office, OFFICE, page=f"{OFFICE}/new", **form)
    assert saved.status_code == 303
    draft = office.get(saved.location).text
    assert "下書き" in draft and 'href="https://example.jp/sokai"' in draft, "as members see it"
    assert titles(her.get(MINE).text) == [] and "総会" not in her.get("/members/my/").text
    address = f"{saved.location}/edit"
    assert post(office, address, page=address, **form, shown_from=day.isoformat()).status_code == 303
    assert titles(her.get(MINE).text) == ["総会のご案内"]
    assert "総会のご案内" in her.get("/members/my/").text
    page = her.get(f"{MINE}/{saved.location.rpartition('/')[2]}").text
    assert "日時：5月1日\n詳細は" in page and 'href="https://example.jp/sokai"' in page
    with running.unit(society, reading=True) as uow:
        done = uow.session.scalars(sa.select(AuditRow).where(AuditRow.subject.like("announcement/%"))).all()
    assert [(row.action, row.actor_name) for row in done] == [
        ("add-announcement", "事務局 花子"),
        ("change-announcement", "事務局 花子"),
    ]
    assert (done[1].before, done[1].after) == ({"shown_from": None}, {"shown_from": day.isoformat()})


@pytest.mark.rule("M15")
def test_the_form_sent_twice_writes_one_and_comes_back_with_what_is_wrong(
    running: RunningService, society: str, office: FlaskClient
) -> None:
    (id,) = re.findall(r'name="id" value="([^"]+)"', office.get(f"{OFFICE}/new").text)
    for _ in range(2):
        assert post(office, OFFICE, page=f"{OFFICE}/new", id=id, title="一つ").location == f"{OFFICE}/{id}"
    copies = [post(office, f"{OFFICE}/{id}/copy", page=f"{OFFICE}/{id}", id=copy).location for copy in (society,) * 2]
    assert copies == [f"{OFFICE}/{society}/edit"] * 2
    assert orders(running, society) == ["一つ", "一つ"]
    wrong = {"title": "", "shown_from": "2026-05-02", "shown_until": "2026-05-01", "categories": "nobody"}
    answer = post(office, OFFICE, page=f"{OFFICE}/new", **wrong)
    assert answer.status_code == 422 and 'id="e-title"' in answer.text and "2026-05-02" in answer.text
    answer = post(office, OFFICE, page=f"{OFFICE}/new", **{**wrong, "title": "二つ"})
    assert all(f'id="e-{name}"' in answer.text for name in ("shown_until", "categories"))
    answer = post(office, OFFICE, page=f"{OFFICE}/new", title="三つ", shown_until="2026-05-01")
    assert answer.status_code == 422 and 'id="e-shown_from"' in answer.text
    assert orders(running, society) == ["一つ", "一つ"]


@pytest.mark.rule("M15")
def test_two_who_edit_at_once_do_not_undo_each_other(
    running: RunningService, society: str, office: FlaskClient
) -> None:
    id = write(running, society)
    page = f"/members/console/announcements/{id}/edit"
    form = {"title": "総会のご案内（訂正）", "shown_from": str(today(running, society)), "revision": "0"}
    change(running, society, id, categories=["student"])  # while the other one types
    refused = post(office, page, page=page, **form)
    assert refused.status_code == 409
    with running.unit(society, reading=True) as uow:
        assert (uow.get(AnnouncementRow, id).title, uow.get(AnnouncementRow, id).categories) == (
            "総会のご案内",
            ["student"],
        )
    assert post(office, page, page=page, **{**form, "revision": "1", "categories": "student"}).status_code == 303


@pytest.mark.rule("M15")
def test_the_period_says_what_it_is_today(running: RunningService, society: str, her: FlaskClient) -> None:
    day = today(running, society)
    write(running, society, "昨日まで", shown_from=day - 2 * DAY, shown_until=day - DAY)
    write(running, society, "今日まで", shown_from=day - 2 * DAY, shown_until=day)
    later = write(running, society, "明日から", shown_from=day + DAY)
    write(running, society, "下書き", shown_from=None)
    assert titles(her.get(MINE).text) == ["今日まで"]
    assert her.get(f"{MINE}/{later}").status_code == 404, "a guessed address gets nothing"
    with running.unit(society, reading=True) as uow:
        states = [row.state_on(uow.today) for row in uow.session.scalars(in_order())]
    assert states == ["draft", "scheduled", "published", "over"]
    midnight = datetime.combine(day + DAY, time(), clock.TOKYO)
    with clock.travel(to=midnight), running.unit(society, reading=True) as uow:
        (member,) = members_of(running, society)
        assert [row.title for row in announcements_for(uow, member)] == ["明日から"]


@pytest.mark.rule("M15")
def test_it_is_for_categories_and_standings(running: RunningService, society: str) -> None:
    people = {
        "regular": a_member(running, society, category="regular", standing="active"),
        "student": a_member(running, society, category="student", standing="active"),
        "resting": a_member(running, society, category="student", standing="on_leave"),
        "applicant": a_member(running, society, category="student", standing="applying"),
        "gone": a_member(running, society, category="student", standing="left"),
        "guest": a_member(running, society, category="student", standing="active"),
    }
    with running.unit(society) as uow:
        uow.get(MemberRow, people["guest"].id).kind = people["guest"].kind = "guest"
    a_member(running, make_society(running, "hokushin"), category="student", standing="active")
    cases: list[tuple[dict[str, Any], set[str]]] = [
        ({}, {"regular", "student", "resting"}),
        ({"categories": ["student"]}, {"student", "resting"}),
        ({"categories": ["student", "regular"], "standings": ["active"]}, {"regular", "student"}),
        ({"standings": ["applying"]}, {"applicant"}),
    ]
    for given, wanted in cases:
        id = write(running, society, **given)
        with running.unit(society, reading=True) as uow:
            row = uow.get(AnnouncementRow, id)
            assert {name for name, person in people.items() if is_for(row, person)} == wanted, given
            assert count_readers(uow, row) == len(wanted), given


@pytest.mark.rule("M15")
def test_others_do_not_see_it(running: RunningService, society: str, her: FlaskClient, as_role: LogIn) -> None:
    id = write(running, society, "奨学金", categories=["student"])
    regular = as_role(Role.MEMBER, person=a_member(running, society, name="正 会員").id)
    assert titles(her.get(MINE).text) == ["奨学金"]
    assert titles(regular.get(MINE).text) == [] and "奨学金" not in regular.get("/members/my/").text
    assert regular.get(f"{MINE}/{id}").status_code == 404
    api = f"/members/api/my/announcements/{id}"
    assert regular.get(api).status_code == 404
    with running.unit(society) as uow:  # its category goes: it must not become one for everybody
        uow.session.execute(sa.update(MemberRow).values(category="regular"))
        uow.session.delete(uow.session.scalars(sa.select(CategoryRow).where(CategoryRow.code == "student")).one())
    page = f"{OFFICE}/{id}/edit"
    office = as_role(Role.AFFAIRS)
    assert 'value="student" checked' in office.get(page).text
    change(running, society, id, title="奨学金のご案内", categories=["student"])
    assert titles(regular.get(MINE).text) == []


@pytest.mark.rule("M15")
def test_the_order_is_the_offices_and_no_date_changes_it(
    running: RunningService, society: str, office: FlaskClient, her: FlaskClient
) -> None:
    day = today(running, society)
    ids = [write(running, society, title, shown_from=day - n * DAY) for n, title in enumerate("CBA")]
    assert orders(running, society) == ["A", "B", "C"], "a new one comes first"
    for id, way, wanted in (
        (ids[0], "up", "ACB"),
        (ids[2], "bottom", "CBA"),
        (ids[2], "down", "CBA"),
        (ids[1], "top", "BCA"),
        (ids[1], "down", "CBA"),
    ):
        moved = post(office, f"{OFFICE}/{id}/{way}", page=OFFICE)
        assert orders(running, society) == list(wanted)
    focused = re.findall(r'aria-label="「(.)」を([^"]+)" data-focus', office.get(moved.location).text)
    assert focused == [("B", "下へ")], "the next press of a key moves it again"
    change(running, society, ids[0], shown_from=day - 30 * DAY)
    assert titles(her.get(MINE).text) == ["C", "B", "A"]


@pytest.mark.rule("M15")
@pytest.mark.rule("W2")
def test_new_ones_are_marked_until_they_are_opened(
    running: RunningService, society: str, her: FlaskClient, student: MemberRow
) -> None:
    ids = [write(running, society, f"第{n}号") for n in range(4)]
    assert her.get(MINE).text.count("未読") == 4
    home = her.get("/members/my/").text
    assert titles(home) == ["第3号", "第2号", "第1号"] and "未読 4 件" in home
    for _ in range(2):
        her.get(f"{MINE}/{ids[3]}")
    assert her.get(MINE).text.count("未読") == 3 and "未読 3 件" in her.get("/members/my/").text
    with running.unit(society, reading=True) as uow:
        rows = uow.session.scalars(sa.select(ReadRow)).all()
    assert [(row.announcement_id, row.person_id) for row in rows] == [(ids[3], student.id)], "no row before it is read"


@pytest.mark.rule("M15")
def test_members_read_in_their_language(running: RunningService, society: str, her: FlaskClient) -> None:
    both = write(running, society, "総会", title_en="General meeting", body="本文", body_en="The text")
    plain = write(running, society, "大会", body="日本語のみ")
    her.set_cookie("tsudoi_language", "en")
    assert titles(her.get(MINE).text) == ["大会", "General meeting"]
    assert "The text" in her.get(f"{MINE}/{both}").text and "日本語のみ" in her.get(f"{MINE}/{plain}").text
    her.set_cookie("tsudoi_language", "ja")
    assert "本文" in her.get(f"{MINE}/{both}").text


@pytest.mark.rule("M15")
def test_taken_off_shown_again_copied_and_deleted(
    running: RunningService, society: str, office: FlaskClient, her: FlaskClient
) -> None:
    given = {"title_en": "Prize", "body": "本文", "categories": ["student"], "standings": ["active"], "by_mail": True}
    id = write(running, society, "学会賞", **given)
    page = f"{OFFICE}/{id}"
    for act, seen in (("withdraw", []), ("restore", ["学会賞"])):
        assert post(office, f"{page}/{act}", page=page).status_code == 303
        assert titles(her.get(MINE).text) == seen
    copy = post(office, f"{page}/copy", page=page).location.split("/")[-2]
    with running.unit(society, reading=True) as uow:
        row = uow.get(AnnouncementRow, copy)
        assert {name: getattr(row, name) for name in given} == {**given, "by_mail": False}
        assert row.state_on(uow.today) == "draft"
    her.get(f"{MINE}/{id}")
    assert post(office, f"{page}/remove", page=page).location == OFFICE
    assert titles(her.get(MINE).text) == [] and office.get(page).status_code == 404
    assert orders(running, society) == ["学会賞"], "the copy stays"


@pytest.mark.rule("S12")
@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"),
        ("javascript:alert(1)", "javascript:alert(1)"),
        ('https://a.jp/"onclick=x', '<a href="https://a.jp/" rel="noopener">https://a.jp/</a>&#34;onclick=x'),
        ("（https://a.jp/x）。", '（<a href="https://a.jp/x" rel="noopener">https://a.jp/x</a>）。'),
        ("(https://a.jp/x_(y)).", '(<a href="https://a.jp/x_(y)" rel="noopener">https://a.jp/x_(y)</a>).'),
        ("http://a.jp/?a=1&b=2", '<a href="http://a.jp/?a=1&amp;b=2" rel="noopener">http://a.jp/?a=1&amp;b=2</a>'),
        ("https://a.jp/<b>", '<a href="https://a.jp/" rel="noopener">https://a.jp/</a>&lt;b&gt;'),
        ("https://", "https://"),
    ],
)
def test_text_stays_text_and_only_web_addresses_become_links(text: str, shown: str) -> None:
    assert linked(text) == shown


@pytest.mark.rule("S12")
def test_nothing_that_staff_write_runs_on_a_members_page(
    running: RunningService, society: str, her: FlaskClient, office: FlaskClient
) -> None:
    hostile = "<img src=x onerror=alert(1)>{{ 7*7 }}"
    id = write(running, society, hostile, body=hostile)
    for browser, page in ((her, MINE), (her, f"{MINE}/{id}"), (her, "/members/my/"), (office, f"{OFFICE}/{id}")):
        text = browser.get(page).text
        assert "&lt;img src=x" in text and "<img src=x" not in text and "{{ 7*7 }}" in text, page


@pytest.mark.rule("M15")
@pytest.mark.rule("N1")
def test_the_mail_is_set_going_once_when_it_becomes_visible(running: RunningService, society: str) -> None:
    day = today(running, society)
    later = write(running, society, "明日から", shown_from=day + DAY, categories=["student"], by_mail=True)
    write(running, society, "メールなし")
    write(running, society, "下書き", shown_from=None, by_mail=True)

    def tell(at: datetime) -> list[AnnouncementPublished]:
        with clock.travel(to=at), running.unit(society) as uow:
            tell_announcements(uow)
        return [message for message in said(running) if isinstance(message, AnnouncementPublished)]

    morning = datetime.combine(day + DAY, MORNING, clock.TOKYO)
    assert tell(morning - DAY) == []
    assert tell(morning - timedelta(minutes=1)) == [], "nobody's telephone rings at midnight"
    (told,) = tell(morning)
    assert (told.announcement_id, told.title, told.categories) == (later, "明日から", ("student",))
    assert told.standings == ("active", "on_leave", "leaving")
    change(running, society, later, title="明日から（訂正）")
    assert len(tell(morning + DAY)) == 1, "once"
    late = write(running, society, "昨日から", shown_from=day, by_mail=True)
    assert [message.announcement_id for message in tell(morning - timedelta(hours=5))] == [later, late]


@pytest.mark.rule("M15")
def test_what_was_taken_off_before_its_day_is_not_mailed(
    running: RunningService, society: str, office: FlaskClient
) -> None:
    id = write(running, society, shown_from=today(running, society) - DAY, by_mail=True)
    post(office, f"{OFFICE}/{id}/withdraw", page=f"{OFFICE}/{id}")
    with running.unit(society) as uow:
        tell_announcements(uow)
    assert [message for message in said(running) if isinstance(message, AnnouncementPublished)] == []


@pytest.mark.rule("W4")
def test_integrators_write_too(running: RunningService, society: str, office: FlaskClient, her: FlaskClient) -> None:
    token = {"Authorization": f"Bearer {office.get_cookie('tsudoi_token').value}"}  # type: ignore[union-attr]
    api, day = "/members/api/announcements", today(running, society).isoformat()
    made = office.post(api, json={"title": "総会", "shown_from": day, "categories": ["student"]}, headers=token)
    one = f"{api}/{made.get_json()['id']}"
    assert (made.status_code, made.get_json()["state"], made.get_json()["readers"]) == (201, "published", 1)
    assert office.post(api, json={"title": "総会", "standings": ["left"]}, headers=token).status_code == 422
    refused = office.patch(one, json={"shown_until": "2020-01-01"}, headers=token)
    assert [fault["field"] for fault in refused.get_json()["errors"]] == ["shown_until"]
    assert office.patch(one, json={"title": "臨時総会"}, headers=token).get_json()["categories"] == ["student"]
    copied = office.post(f"{one}/copy", headers=token).get_json()
    assert office.post(f"{one}/move", json={"way": "top"}, headers=token).status_code == 204
    assert office.post(f"{one}/move", json={"way": "left"}, headers=token).status_code == 422
    assert [each["state"] for each in office.get(api, headers=token).get_json()] == ["published", "draft"]
    assert office.delete(f"{api}/{copied['id']}", headers=token).status_code == 204
    hers = {"Authorization": f"Bearer {her.get_cookie('tsudoi_token').value}"}  # type: ignore[union-attr]
    mine = "/members/api/my/announcements"
    (listed,) = her.get(mine, headers=hers).get_json()
    assert (listed["title"], listed["read"]) == ("臨時総会", False)
    assert her.put(f"{mine}/{listed['id']}/read", headers=hers).status_code == 204
    assert her.get(mine, headers=hers).get_json()[0]["read"] is True
    assert her.get(f"{mine}/{listed['id']}", headers=hers).get_json()["title"] == "臨時総会"
    assert office.put(f"{one}/withdrawal", headers=token).status_code == 204
    assert her.get(mine, headers=hers).get_json() == []
    assert office.delete(f"{one}/withdrawal", headers=token).status_code == 204
    assert office.get(one, headers=token).get_json()["reads"] == 1


@pytest.mark.rule("S1")
def test_whoever_only_sees_changes_nothing_by_the_api(running: RunningService, society: str, as_role: LogIn) -> None:
    reader, id = as_role(Role.READER, Role.ACCOUNTING, Role.MEMBER), write(running, society)
    token = {"Authorization": f"Bearer {reader.get_cookie('tsudoi_token').value}"}  # type: ignore[union-attr]
    api = "/members/api/announcements"
    for method, address in (
        ("POST", api),
        ("PATCH", f"{api}/{id}"),
        ("DELETE", f"{api}/{id}"),
        ("POST", f"{api}/{id}/move"),
        ("POST", f"{api}/{id}/copy"),
        ("PUT", f"{api}/{id}/withdrawal"),
        ("DELETE", f"{api}/{id}/withdrawal"),
        ("POST", f"{api}/{id}/attachments"),
        ("DELETE", f"{api}/{id}/attachments/{id}"),
    ):
        assert reader.open(address, method=method, json={}, headers=token).status_code == 403, (method, address)
