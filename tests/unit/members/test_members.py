"""Members in the console: found, added, changed, announced, recorded; categories; My Page."""

from __future__ import annotations

import io
from datetime import date, timedelta
from typing import Any
from urllib.parse import quote

import openpyxl
import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from services.members.histories.coming import let_standings_come
from services.members.members import change_member
from services.members.standings.history import change_standing
from shared import clock
from shared.audit import AuditRow
from shared.bus import inbox
from shared.errors import ChangedMeanwhile
from shared.identity import Role
from shared.ids import new_id
from shared.messages import Envelope, encode
from shared.messages.members import PersonChanged, SessionsEnded
from shared.messages.notifications import LetterBounced
from shared.service import RunningService
from tests.unit.members.conftest import (
    LogIn,
    a_member,
    log_in,
    make_society,
    members_of,
    post,
    said,
    with_account,
    work,
)

LIST = "/members/console/members"
FORM = {"name": "髙橋 花子", "category": "regular", "standing": "active", "language": "ja"}


def people(running: RunningService) -> list[PersonChanged]:
    return [message for message in said(running) if isinstance(message, PersonChanged)]


def form(browser: FlaskClient, address: str, **fields: object) -> Any:
    return post(browser, address, page=f"{LIST}/new", **{**FORM, **fields})


@pytest.fixture
def staff(as_role: LogIn) -> FlaskClient:
    return as_role(Role.AFFAIRS)


@pytest.mark.rule("M9")
@pytest.mark.parametrize(
    "query",
    [
        "髙橋",
        "高橋",
        "高橋 花子",
        "高橋花子",
        "ﾀｶﾊｼ",
        "たかはし",
        "タカハシハナコ",
        "takahashi",
        "ＨＡＮＡＫＯ",
        "Takahashi Hanako",
        "takahashihanako",
        "A-1",
        "ａ－１",
        "hanako@",
        "集い大学",
    ],
)
def test_somebody_is_found_however_they_are_typed(
    running: RunningService, society: str, staff: FlaskClient, query: str
) -> None:
    a_member(
        running,
        society,
        kana="タカハシ ハナコ",
        roman="Hanako Takahashi",
        number="A-1",
        email="hanako@example.jp",
        affiliation="集い大学",
    )
    a_member(running, society, name="山田 太郎", kana="ヤマダ タロウ", number="B-2")
    page = staff.get(f"{LIST}?q={quote(query)}").text
    assert "髙橋 花子" in page
    assert "山田 太郎" not in page


@pytest.mark.rule("M9")
@pytest.mark.parametrize("query", ["%", "_", "花子 山田", "'; DROP TABLE members; --"])
def test_nobody_is_found_by_accident(running: RunningService, society: str, staff: FlaskClient, query: str) -> None:
    a_member(running, society)
    assert "髙橋 花子" not in staff.get(f"{LIST}?q={quote(query)}").text


@pytest.mark.rule("M9")
def test_lists_are_filtered_by_category_and_standing(running: RunningService, society: str, staff: FlaskClient) -> None:
    a_member(running, society, name="正会 員")
    a_member(running, society, name="学生 会員", category="student", standing="on_leave")
    assert "正会 員" not in staff.get(f"{LIST}?category=student").text
    assert "学生 会員" in staff.get(f"{LIST}?standing=on_leave").text


@pytest.mark.rule("M9")
def test_a_search_is_exported_as_it_is_shown(running: RunningService, society: str, staff: FlaskClient) -> None:
    a_member(running, society, number="1", note="=cmd|calc", joined_on=date(2020, 4, 1), custom={"推薦者": "山田"})
    a_member(running, society, name="山田 太郎", number="2", category="student")
    text = staff.get(f"{LIST}/export.csv?category=regular").data.decode("utf-8-sig")
    assert text.splitlines()[0].startswith("会員番号,氏名,氏名カナ")
    assert (
        "髙橋 花子" in text and "正会員" in text and "在会" in text and "'=cmd|calc" in text and "山田 太郎" not in text
    )
    book = openpyxl.load_workbook(io.BytesIO(staff.get(f"{LIST}/export.xlsx").data))
    rows = list(book.worksheets[0].iter_rows(values_only=True))
    assert len(rows) == 3 and rows[0][-1] == "推薦者" and rows[1][1] == "髙橋 花子"


def test_staff_add_a_member(running: RunningService, society: str, staff: FlaskClient) -> None:
    answer = form(
        staff,
        LIST,
        kana="たかはし",
        email="Hanako@Example.jp",
        number="１０",
        postcode="1000001",
        joined_on="2026-04-01",
    )
    assert answer.status_code == 303
    (row,) = members_of(running, society)
    assert (row.kana, row.email, row.number, row.postcode) == ("タカハシ", "hanako@example.jp", "10", "100-0001")
    (message,) = people(running)
    assert (message.person.revision, message.person.category_name, message.person.category_name_en) == (
        1,
        "正会員",
        "Regular member",
    )


@pytest.mark.rule("M3")
def test_an_address_is_used_once_and_staff_see_the_holder(
    running: RunningService, society: str, staff: FlaskClient
) -> None:
    a_member(running, society, name="退会 済子", number="77", email="hanako@example.jp", standing="left")
    answer = form(staff, LIST, email="HANAKO@example.jp")
    assert answer.status_code == 409
    assert "退会 済子 (77)" in answer.text
    assert len(members_of(running, society)) == 1


@pytest.mark.rule("M3")
def test_another_society_may_have_the_same_address_and_number(
    running: RunningService, society: str, staff: FlaskClient
) -> None:
    other = make_society(running, "hokushin")
    a_member(running, other, email="hanako@example.jp", number="1")
    assert form(staff, LIST, email="hanako@example.jp", number="1").status_code == 303


def test_a_number_is_used_once(running: RunningService, society: str, staff: FlaskClient) -> None:
    a_member(running, society, name="先 客", number="1")
    answer = form(staff, LIST, number="1")
    assert answer.status_code == 409 and "先 客" in answer.text


@pytest.mark.rule("M13")
def test_every_change_is_recorded_and_announced(running: RunningService, society: str, staff: FlaskClient) -> None:
    row = a_member(running, society)
    answer = form(staff, f"{LIST}/{row.id}/edit", name="鈴木 花子", joined_on="2026-04-01", revision="1")
    assert answer.status_code == 303
    told = people(running)[-1].person
    assert (told.name, told.joined_on, told.revision) == ("鈴木 花子", date(2026, 4, 1), 2)
    with running.unit(society, reading=True) as uow:
        entry = uow.session.scalars(sa.select(AuditRow).where(AuditRow.action == "change-member")).one()
    assert entry.actor_name == "事務局 花子"
    assert entry.before == {"name": "髙橋 花子", "joined_on": None}
    assert entry.after == {"name": "鈴木 花子", "joined_on": "2026-04-01"}
    assert "髙橋 花子" in staff.get(f"{LIST}/{row.id}").text  # the history shows it


def test_saving_without_a_change_says_nothing(running: RunningService, society: str) -> None:
    row = a_member(running, society)
    with running.unit(society) as uow:
        change_member(uow, row.id, {"name": "髙橋 花子"})
    assert len(people(running)) == 1


def test_two_people_at_one_form_do_not_overwrite_each_other(
    running: RunningService, society: str, staff: FlaskClient
) -> None:
    row = a_member(running, society)
    assert form(staff, f"{LIST}/{row.id}/edit", phone="03-1111-1111", revision="1").status_code == 303
    late = form(staff, f"{LIST}/{row.id}/edit", phone="03-2222-2222", revision="1")
    assert late.status_code == 409
    with pytest.raises(ChangedMeanwhile), running.unit(society) as uow:
        change_member(uow, row.id, {"phone": "03"}, revision=1)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("kana", "漢字"),
        ("email", "nobody"),
        ("postcode", "12"),
        ("joined_on", "2026-02-30"),
        ("standing", "asleep"),
        ("category", "none"),
        ("name", ""),
    ],
)
def test_a_wrong_field_is_told_and_what_was_typed_stays(
    running: RunningService, society: str, staff: FlaskClient, field: str, value: str
) -> None:
    answer = form(staff, LIST, **{"note": "typed before", field: value})
    assert answer.status_code == 422
    assert f'id="e-{field}"' in answer.text and "typed before" in answer.text
    assert members_of(running, society) == []


def test_a_member_who_leaves_is_logged_out_at_once(
    app: object, client: FlaskClient, running: RunningService, society: str, hashed: str
) -> None:
    row = a_member(running, society, email="hanako@example.jp")
    with_account(running, society, row, hashed)
    with running.unit(society) as uow:
        change_standing(uow, row.id, "expelled", uow.today + timedelta(days=1))
    with clock.travel(by=timedelta(days=1)):
        log_in(client, "hanako@example.jp")
        assert client.get("/members/my/").status_code == 200, "the change is to come"
        with running.unit(society) as uow:
            let_standings_come(uow)
        assert client.get("/members/my/").status_code == 302
    assert any(isinstance(message, SessionsEnded) for message in said(running))


@pytest.mark.rule("M8")
def test_a_renamed_category_is_told_for_each_of_its_members(
    running: RunningService, society: str, staff: FlaskClient
) -> None:
    for number in range(3):
        a_member(running, society, number=str(number))
    a_member(running, society, number="9", category="student")
    changed = post(
        staff, "/members/console/categories/regular", page=f"{LIST}/new", name="一般会員", name_en="Ordinary member"
    )
    assert changed.status_code == 303
    work(running)
    told = people(running)[4:]
    assert [(m.person.category_name, m.person.revision) for m in told] == [("一般会員", 2)] * 3


@pytest.mark.rule("M8")
def test_categories_are_added_moved_and_removed(running: RunningService, society: str, staff: FlaskClient) -> None:
    address, page = "/members/console/categories", f"{LIST}/new"
    new = {"code": "corporate", "name": "賛助会員", "name_en": "Supporting member"}
    assert post(staff, address, page=page, **new).status_code == 303
    assert post(staff, address, page=page, **new).status_code == 409
    assert post(staff, f"{address}/corporate/up", page=page).status_code == 303
    text = staff.get(address).text
    assert text.index("賛助会員") < text.index("名誉会員")
    a_member(running, society)
    assert post(staff, f"{address}/regular/remove", page=page).status_code == 409
    assert post(staff, f"{address}/corporate/remove", page=page).status_code == 303


def test_an_undeliverable_address_is_shown_until_it_changes(
    running: RunningService, society: str, staff: FlaskClient
) -> None:
    row = a_member(running, society, email="dead@example.jp")
    message = LetterBounced(letter_id=new_id(), person_id=row.id, code="550", bounced_at=clock.now())
    id = new_id()
    inbox.receive(
        running,
        [
            Envelope(
                id=id,
                type=message.type_name(),
                source="/notifications",
                time=clock.now(),
                society=society,
                payload=encode(message),
                correlation=id,
            )
        ],
    )
    assert "不達" in staff.get(LIST).text
    with running.unit(society) as uow:
        change_member(uow, row.id, {"email": "alive@example.jp"})
    assert "不達" not in staff.get(LIST).text


@pytest.mark.rule("M13")
def test_members_change_their_contact_data_but_not_name_or_standing(
    running: RunningService, society: str, as_role: LogIn
) -> None:
    row = a_member(running, society, number="1", email="hanako@example.jp")
    me = as_role(Role.MEMBER, person=row.id)
    answer = post(
        me,
        "/members/my/profile/edit",
        page="/members/my/profile/edit",
        language="en",
        affiliation="北辰大学",
        postcode="０６００８０８",
        address="札幌市",
        phone="011-706-2111",
        name="鈴木",
        standing="left",
        category="honorary",
        number="2",
        email="other@example.jp",
    )
    assert answer.status_code == 303
    (now,) = members_of(running, society)
    assert (now.language, now.affiliation, now.postcode) == ("en", "北辰大学", "060-0808")
    assert (now.name, now.standing, now.category, now.number, now.email) == (
        "髙橋 花子",
        "active",
        "regular",
        "1",
        "hanako@example.jp",
    )
    with running.unit(society, reading=True) as uow:
        assert uow.session.scalars(sa.select(AuditRow).where(AuditRow.action == "change-own-contact")).one().before


@pytest.mark.rule("W2")
def test_my_page_shows_the_standing_and_leaves_places_for_the_others(
    running: RunningService, society: str, as_role: LogIn
) -> None:
    row = a_member(running, society, number="1", standing="leaving", leaves_on=date(2027, 3, 31))
    page = as_role(Role.MEMBER, person=row.id).get("/members/my/").text
    assert "退会予定" in page and "2027年3月31日" in page and "正会員" in page
    assert 'hx-get="/billing/my/due"' in page and 'hx-get="/events/my/registrations"' in page


@pytest.mark.rule("S12")
def test_names_are_text_on_every_page(
    running: RunningService, society: str, staff: FlaskClient, as_role: LogIn
) -> None:
    evil = "<script>alert(1)</script>"
    row = a_member(running, society, name=evil, affiliation=evil, note=evil, custom={evil: evil})
    pages = [
        staff.get(address).text
        for address in (LIST, f"{LIST}/{row.id}", f"{LIST}/{row.id}/edit", f"{LIST}?q={quote(evil)}")
    ]
    pages += [
        as_role(Role.MEMBER, person=row.id).get(address).text for address in ("/members/my/", "/members/my/profile")
    ]
    assert not any(evil in page for page in pages)
