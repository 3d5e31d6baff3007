"""Custom fields 独自項目 wherever members are: applied with, edited, imported, exported, searched, recorded."""

from __future__ import annotations

import csv
import io
import re
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from services.members.applications.terms import publish_terms
from services.members.custom_fields.defining import retire_field
from services.members.custom_fields.finding import headers_without_field
from services.members.members import add_guest, change_own_contact
from services.members.models import MemberRow
from services.members.search import matching
from services.members.search_conditions import MemberSearch
from shared.audit import AuditRow
from shared.identity import Role
from shared.service import RunningService
from tests.unit.members.conftest import LogIn, a_member, check, faults, import_all, members_of, post
from tests.unit.members.fields import define
from tests.unit.members.test_applying import link_of, send

LIST = "/members/console/members"
HEADER = "会員番号,氏名,会員種別"


@pytest.fixture
def office(as_role: LogIn) -> FlaskClient:
    return as_role(Role.AFFAIRS)


def last_entry(running: RunningService, society: str, action: str) -> AuditRow:
    with running.unit(society, reading=True) as uow:
        found = sa.select(AuditRow).where(AuditRow.action == action).order_by(AuditRow.id.desc()).limit(1)
        return uow.session.scalars(found).one()


@pytest.mark.rule("M2")
def test_an_applicant_is_asked_and_what_they_confirm_is_theirs(
    client: FlaskClient, running: RunningService, society: str, office: FlaskClient
) -> None:
    with running.unit(society) as uow:
        publish_terms(uow, text="会員規約")
    define(running, society, "birth_date", "colors", required=True)
    define(running, society, "specialty", for_member="hidden")
    define(running, society, "papers", in_application=False)
    path = link_of(running, client)
    form = client.get(path).text
    assert 'name="custom.birth_date"' in form and "専門分野" in form and "custom.papers" not in form
    refused = send(client, path, **{"custom.birth_date": "1980-02-30", "custom.specialty": "化学"})
    assert refused.status_code == 422 and "化学" in refused.text
    assert "生年月日：日付を" in refused.text and 'id="e-custom.colors"' in refused.text
    given: dict[str, Any] = {
        "custom.birth_date": "昭和55年4月1日",
        "custom.colors": ["red", "green"],
        "custom.papers": "5",
    }
    shown = send(client, path, "confirm", **given)
    assert shown.status_code == 200 and "1980年4月1日" in shown.text and "赤、緑" in shown.text
    back = send(client, path, "back", **given).text
    assert len(re.findall(r'name="custom.colors" value="\w+" checked', back)) == 2
    hidden = re.findall(r'<input type="hidden" name="(custom[^"]+)" value="([^"]*)"', shown.text)
    handed_on: dict[str, Any] = {name: [text for other, text in hidden if other == name] for name, _text in hidden}
    assert send(client, path, **handed_on).status_code == 303
    (member,) = members_of(running, society)
    assert member.custom == {"birth_date": "1980-04-01", "colors": ["red", "green"]}
    assert re.search("生年月日</dt><dd>1980年4月1日", office.get(f"{LIST}/{member.id}").text)
    entry = last_entry(running, society, "add-member")
    assert entry.after and entry.after["custom"] == {"生年月日": "1980-04-01", "好きな色": "赤、緑"}


@pytest.mark.rule("M2")
def test_kana_are_taken_in_every_form_and_nothing_else_is(
    client: FlaskClient, running: RunningService, society: str
) -> None:
    with running.unit(society) as uow:
        publish_terms(uow, text="会員規約")
    path = link_of(running, client)
    for kana in ("しんせい たろう", "ｼﾝｾｲ ﾀﾛｳ", "シンセイ　タロウ"):
        assert ">シンセイ タロウ<" in send(client, path, "confirm", kana=kana).text, kana
    for wrong in ("申請 太郎", "Shinsei", "シンセイ1"):
        assert 'id="e-kana"' in send(client, path, "confirm", kana=wrong).text, wrong


@pytest.mark.rule("M13")
def test_members_see_and_edit_what_the_society_leaves_to_them(
    running: RunningService, society: str, as_role: LogIn
) -> None:
    define(running, society, "color", required=True)
    define(running, society, "birth_date", for_member="shown")
    define(running, society, "specialty", for_member="hidden")
    known = {"color": "red", "birth_date": "1980-04-01", "specialty": "秘密", "推薦者": "山田"}
    person = a_member(running, society, custom=known)
    me, form = as_role(Role.MEMBER, person=person.id), "/members/my/profile/edit"
    shown = me.get("/members/my/profile").text
    assert "1980年4月1日" in shown and "赤" in shown and "秘密" not in shown and "推薦者" not in shown
    assert "custom.color" in me.get(form).text and "custom.birth_date" not in me.get(form).text
    empty = post(me, form, page=form, language="ja")
    assert empty.status_code == 422 and 'id="e-custom.color"' in empty.text
    more = {"custom.color": "green", "custom.birth_date": "1990-01-01", "custom.specialty": "x"}
    assert post(me, form, page=form, language="ja", **more).status_code == 303
    (row,) = members_of(running, society)
    assert row.custom == {**known, "color": "green"}
    entry = last_entry(running, society, "change-own-contact")
    assert (entry.before, entry.after) == ({"custom": {"色": "赤"}}, {"custom": {"色": "緑"}})
    with running.unit(society) as uow:
        guest = add_guest(uow, name="事務 員", email="office@example.jp")
    visitor = as_role(Role.GUEST, person=guest.id)
    assert "custom." not in visitor.get(form).text and post(visitor, form, page=form, language="en").status_code == 303
    with running.unit(society) as uow:
        change_own_contact(uow, person.id, {"custom": {"specialty": "x", "other": "y"}})
        assert uow.get(MemberRow, person.id).custom == row.custom, "whatever a page lets through"


@pytest.mark.rule("M13")
def test_the_office_edits_all_and_the_trail_names_the_field(
    running: RunningService, society: str, office: FlaskClient, as_role: LogIn
) -> None:
    define(running, society, for_member="hidden", required=True)
    person = a_member(running, society, custom={"推薦者": "山田", "color": "red"})
    form = f"{LIST}/{person.id}/edit"
    assert "推薦者" in office.get(form).text
    more: dict[str, Any] = {"custom.color": "", "custom.journal": "yes", "custom.colors": ["green", "red"]}
    fields = {"name": "髙橋 花子", "category": "regular", "language": "ja"}
    assert post(office, form, page=form, **fields, **more).status_code == 303, "the office may leave a field open"
    (row,) = members_of(running, society)
    assert row.custom == {"推薦者": "山田", "journal": "yes", "colors": ["red", "green"]}
    assert "色: 赤" in office.get(f"{LIST}/{person.id}").text
    trail = as_role(Role.ADMINISTRATOR).get(f"/members/console/audit?subject=member/{person.id}").text
    assert "学会誌の郵送: はい" in trail and "色: 赤" in trail
    wrong = post(office, form, page=form, **fields, **{"custom.papers": "many"})
    assert wrong.status_code == 422 and "論文数：数値を入力してください。" in wrong.text


@pytest.mark.rule("M10")
def test_a_roster_brings_them_by_label_in_either_language(running: RunningService, society: str) -> None:
    define(running, society)
    rows = (
        f"{HEADER},専門分野,論文数,生年月日,色,好きな色,学会誌の郵送,推薦者",
        "1,髙橋 花子,正会員,化学,1200.50,S55.4.1,赤,緑、赤,はい,山田",
        "2,山田 太郎,正会員,,3,1980-04-01,,,no,",
    )
    wrong = check(running, society, "\r\n".join(rows).encode())
    assert faults(running, society, wrong) == [(2, "custom.papers", "論文数: please enter 500 or less.")]
    right = "\r\n".join(rows).replace("1200.50", "12.50")
    done = import_all(running, society, right.encode())
    assert (done.state, done.new, done.custom) == ("imported", 2, ["推薦者"])
    first, second = members_of(running, society)
    assert first.custom == {
        "specialty": "化学",
        "papers": "12.5",
        "birth_date": "1980-04-01",
        "color": "red",
        "colors": ["red", "green"],
        "journal": "yes",
        "推薦者": "山田",
    }
    assert second.custom == {"papers": "3", "birth_date": "1980-04-01", "journal": "no"}
    assert check(running, society, right.encode()).same == 2
    english = "Member number,Name,Category,Colour,journal\r\n1,髙橋 花子,正会員,Green,\r\n"
    assert import_all(running, society, english.encode()).changed == 1
    (first, _second) = members_of(running, society)
    assert first.custom["color"] == "green" and "journal" not in first.custom and first.custom["papers"] == "12.5"
    entry = last_entry(running, society, "import-member")
    assert entry.before == {"custom": {"色": "赤", "学会誌の郵送": "はい"}}
    with running.unit(society, reading=True) as uow:
        assert headers_without_field(uow) == ["推薦者"]


@pytest.mark.rule("M10")
def test_faults_of_a_file_name_the_field_in_the_readers_language(
    running: RunningService, society: str, office: FlaskClient
) -> None:
    define(running, society, "color")
    bad = check(running, society, f"{HEADER},色\r\n1,髙橋 花子,正会員,青\r\n".encode())
    page = f"/members/console/import/{bad.id}"
    assert "色：「青」は選択肢にありません。選択肢：赤、緑" in office.get(page).text
    office.get(f"{page}?lang=en")
    english = office.get(page).text
    assert "Colour: “青” is none of the choices" in english
    told = office.get(f"{page}/faults.csv").data.decode("utf-8-sig")
    assert "Colour" in told and "色" not in told.replace("選択肢", "")


@pytest.mark.rule("M9")
@pytest.mark.rule("M10")
def test_what_goes_out_as_a_file_comes_in_again(
    running: RunningService, society: str, office: FlaskClient, as_role: LogIn
) -> None:
    fields = define(running, society)
    custom = {
        "birth_date": "1980-04-01",
        "colors": ["red", "green"],
        "journal": "no",
        "career": "一\n二",
        "推薦者": "x",
    }
    a_member(running, society, number="1", custom={**custom, "color": "red", "papers": "2.5", "specialty": "化学"})
    a_member(running, society, number="2", name="山田 太郎")
    with running.unit(society) as uow:
        retire_field(uow, fields[4].id)  # what is known of it goes out with the rest
    for language in ("ja", "en"):
        office.get(f"{LIST}?lang={language}")
        data = office.get(f"{LIST}/export.csv").data
        header, first, second = csv.reader(io.StringIO(data.decode("utf-8-sig")))
        labels = [field.label_in(language) for field in fields]
        assert header[16:] == [*labels, "推薦者"]
        assert first[header.index(labels[5])] == ("赤、緑" if language == "ja" else "Red, Green")
        assert second[16:] == [""] * 8
        again = check(running, society, data)
        assert (again.same, again.faults) == (2, 0), faults(running, society, again)
    template = office.get("/members/console/import/template.csv").data
    assert "Favourite colours" in template.decode("utf-8-sig") and "Colour," not in template.decode("utf-8-sig")
    assert check(running, society, template).faults == 0, "its example could be imported as it stands"


@pytest.mark.rule("M9")
@pytest.mark.parametrize(
    ("conditions", "found"),
    [
        (["color:red"], "12"),
        (["color:red", "color:green"], "123"),
        (["colors:green"], "1"),
        (["journal:no"], "3"),
        (["birth_date>=1980-04-01"], "12"),
        (["birth_date>=1980-04-01", "birth_date<=昭和55年4月1日"], "1"),
        (["specialty~CHEM"], "13"),
        (["specialty~%"], ""),
        (["color:red", "specialty~chem"], "1"),
    ],
)
def test_members_are_found_by_what_stands_in_them(
    running: RunningService, society: str, office: FlaskClient, conditions: list[str], found: str
) -> None:
    define(running, society)
    values: list[dict[str, Any]] = [
        {"color": "red", "colors": ["red", "green"], "birth_date": "1980-04-01", "specialty": "Organic Chem"},
        {"color": "red", "birth_date": "1990-12-31", "journal": "yes"},
        {"color": "green", "colors": ["red"], "birth_date": "1970-01-01", "specialty": "chem", "journal": "no"},
        {},
    ]
    for number, custom in enumerate(values, start=1):
        a_member(running, society, number=str(number), custom=custom)
    with running.unit(society, reading=True) as uow:
        rows = uow.session.scalars(matching(MemberSearch(custom=tuple(conditions))))
        assert "".join(sorted(str(row.number) for row in rows)) == found
    answer = office.get("/members/api/members", query_string={"custom": conditions})
    assert "".join(sorted(member["number"] for member in answer.get_json()["members"])) == found


@pytest.mark.rule("M9")
def test_the_search_form_asks_for_them_and_says_what_was_asked(
    running: RunningService, society: str, office: FlaskClient
) -> None:
    define(running, society)
    a_member(running, society, custom={"color": "red", "birth_date": "1980-04-01", "specialty": "化学"})
    typed = {
        "custom": "color:red",
        "custom~specialty": "化",
        "custom>=birth_date": "1980-01-01",
        "custom<=birth_date": "",
    }
    page = office.get(LIST, query_string=typed).text
    assert "髙橋 花子" in page and "色：赤" in page and "専門分野（を含む）：化" in page
    assert "生年月日（から）：1980/01/01" in page
    saved = post(office, "/members/console/searches", name="x", custom=["color:red", "specialty~学"])
    assert saved.status_code == 303 and "髙橋 花子" in office.get(saved.location).text
    assert "専門分野（を含む）：学" in office.get("/members/console/searches").text
    again = office.get(LIST, query_string={"custom": ["color:red", "specialty~物理"]}).text
    assert "髙橋 花子" not in again and 'value="物理"' in again and 'value="color:red" checked' in again
    for wrong in ("color:blue", "color~red", "shoe:42", "birth_date>=soon", "nonsense"):
        assert office.get(LIST, query_string={"custom": wrong}).status_code == 422, wrong
