"""Contacts 連絡者 of corporate members 法人会員, as the office keeps them: added, changed, ended, found, downloaded,
the main one, to whom the letters go; and what a contact never is (M14)."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from services.members.cards import card_of
from services.members.corporations.contacts import add_contact, let_contacts_end
from services.members.errors.papers import NoCardToday
from services.members.handlers import show_dead_address
from services.members.histories.coming import begin_histories
from services.members.members import change_member
from services.members.models import ContactRow, MemberRow, StandingRow
from services.members.numbers.assigning import start_numbering
from services.members.selections import choose
from shared import clock
from shared.audit import AuditRow
from shared.errors import NotFound
from shared.identity import Role
from shared.ids import new_id
from shared.messages.members import Person, PersonChanged
from shared.messages.notifications import LetterBounced
from shared.service import RunningService
from tests.unit.members.conftest import LogIn, a_member, check, faults, import_all, members_of, post, said, today, work

LIST = "/members/console/members"
ALL = "/members/console/contacts"
TARO = {"name": "連絡 太郎", "kana": "レンラク タロウ", "email": "taro@kaisei.example"}
JIRO = {"name": "経理 次郎", "kana": "ケイリ ジロウ", "email": "jiro@kaisei.example"}


@pytest.fixture
def office(as_role: LogIn) -> FlaskClient:
    return as_role(Role.AFFAIRS)


@pytest.fixture
def company(running: RunningService, society: str) -> MemberRow:
    return a_member(
        running, society, kind="corporate", name="海星商事株式会社", number="H001", email="info@kaisei.example"
    )


def add(running: RunningService, society: str, company: MemberRow, **values: Any) -> MemberRow:
    with running.unit(society) as uow:
        return add_contact(uow, company.id, values)[1]


def contacts(running: RunningService, society: str) -> dict[str, ContactRow]:
    with running.unit(society, reading=True) as uow:
        pairs = uow.session.execute(
            sa.select(MemberRow.name, ContactRow).join(ContactRow, ContactRow.id == MemberRow.id)
        )
        return dict(pairs.all())


def told_of(running: RunningService, id: str) -> list[Person]:
    return [m.person for m in said(running) if isinstance(m, PersonChanged) and m.person.id == id]


@pytest.mark.rule("M14")
def test_the_office_adds_a_corporate_member_and_its_contacts(
    running: RunningService, society: str, office: FlaskClient
) -> None:
    form = {
        "kind": "corporate",
        "name": "海星商事株式会社",
        "category": "regular",
        "language": "ja",
        "standing": "active",
    }
    page = post(office, LIST, page=f"{LIST}/new", **form).location
    place = f"{page}/contacts"
    contact = {**TARO, "affiliation": "総務部 部長", "duty": "representative", "language": "ja", "main": "true"}
    assert post(office, place, page=place, **contact).status_code == 303
    assert post(office, place, page=place, **contact).status_code == 303
    assert len(contacts(running, society)) == 1, "a double click means it once"
    wrong = post(
        office, place, page=place, **{**JIRO, "kana": "けいり漢字", "email": "x"}, duty="billing", language="ja"
    )
    assert wrong.status_code == 422 and "カタカナ" in wrong.text and "メールアドレス" in wrong.text
    taken = post(office, place, page=place, **{**JIRO, "email": TARO["email"]}, duty="billing", language="ja")
    assert taken.status_code == 409 and TARO["name"] in taken.text
    shown = office.get(page).text
    assert "総務部 部長" in shown and "代表者" in shown and "主たる連絡者" in shown and TARO["email"] in shown
    (row,) = contacts(running, society).values()
    assert row.main and row.duty == "representative"
    assert post(office, place, page=place, **JIRO, language="en").status_code == 303
    one = f"{place}/{contacts(running, society)[JIRO['name']].id}"
    changed = {**JIRO, "name": "経理 花子", "duty": "billing", "language": "ja", "revision": "1"}
    assert post(office, one, page=one, **changed).status_code == 303
    assert post(office, one, page=one, **changed).status_code == 409, "changed meanwhile"
    assert "請求先" in office.get(place).text
    assert "経理 次郎" in office.get(one).text, "the history of changes"
    individual = a_member(running, society)
    assert office.get(f"{LIST}/{individual.id}/contacts").status_code == 404
    assert office.get(f"{LIST}/{individual.id}/contacts/{row.id}").status_code == 404


@pytest.mark.rule("M14")
def test_letters_to_a_corporate_member_go_to_its_main_contact(
    running: RunningService, society: str, office: FlaskClient, company: MemberRow
) -> None:
    taro = add(running, society, company, **TARO, main=True)
    jiro = add(running, society, company, **JIRO)
    assert [p.email for p in told_of(running, company.id)][-1] == TARO["email"]
    place = f"{LIST}/{company.id}/contacts"
    post(office, f"{place}/{jiro.id}/main", page=place)
    assert told_of(running, company.id)[-1].email == JIRO["email"]
    assert {name: row.main for name, row in contacts(running, society).items()} == {
        "連絡 太郎": False,
        "経理 次郎": True,
    }
    changed = {**JIRO, "email": "new@kaisei.example", "language": "ja", "duty": "liaison"}
    post(office, f"{place}/{jiro.id}", page=place, **changed)
    assert told_of(running, company.id)[-1].email == "new@kaisei.example"
    data = "会員番号,氏名,会員種別,住所\nH001,海星商事株式会社,正会員,東京都\n".encode()
    assert import_all(running, society, data).state == "imported"
    now = told_of(running, company.id)[-1]
    assert (now.address, now.email, now.kind) == ("東京都", "new@kaisei.example", "corporate")
    with running.unit(society) as uow:
        bounced = LetterBounced(letter_id=new_id(), person_id=company.id, code="550", bounced_at=uow.now)
        show_dead_address(uow, bounced)
    dead = {row.name for row in members_of(running, society) if row.address_dead_at}
    assert dead == {"経理 次郎"}, "not the address of the company, which was not used"
    post(office, f"{place}/{jiro.id}/end", page=place, ends_on=today(running, society).isoformat())
    assert told_of(running, company.id)[-1].email == "info@kaisei.example", "the office chooses the next one"
    revisions = [person.revision for person in told_of(running, company.id)]
    assert revisions == list(range(1, 8)), "each change is told once, with a revision of its own"
    assert taro.kind == "contact" and {p.kind for p in told_of(running, taro.id)} == {"contact"}


@pytest.mark.rule("M14")
def test_a_contact_ends_on_a_day_and_can_be_taken_on_again(
    running: RunningService, society: str, office: FlaskClient, company: MemberRow
) -> None:
    taro = add(running, society, company, **TARO, main=True)
    one = f"{LIST}/{company.id}/contacts/{taro.id}"
    day = today(running, society) + timedelta(days=3)
    assert post(office, f"{one}/end", page=one, ends_on="x").status_code == 422
    assert post(office, f"{one}/end", page=one, ends_on=day.isoformat()).status_code == 303
    with running.unit(society) as uow:
        let_contacts_end(uow)
    assert contacts(running, society)[TARO["name"]].main, "not yet"
    with clock.travel(by=timedelta(days=3)), running.unit(society) as uow:
        let_contacts_end(uow)
    assert told_of(running, taro.id)[-1].standing == "left" and not contacts(running, society)[TARO["name"]].main
    assert told_of(running, company.id)[-1].email == "info@kaisei.example"
    assert post(office, f"{one}/main", page=one).status_code == 409
    assert TARO["name"] not in office.get(f"{LIST}/{company.id}").text.split("変更履歴")[0]
    assert "メールアドレスを解放" in office.get(one).text
    assert post(office, f"{one}/resume", page=one).status_code == 303
    assert told_of(running, taro.id)[-1].standing == "active"
    assert post(office, f"{one}/main", page=one).status_code == 303
    with running.unit(society, reading=True) as uow:
        subject = AuditRow.subject == f"member/{company.id}"
        actions = list(uow.session.scalars(sa.select(AuditRow.action).where(subject).order_by(AuditRow.id)))
    assert actions == [
        "add-member",
        "add-contact",
        "make-main-contact",
        "end-contact",
        "resume-contact",
        "make-main-contact",
    ]


@pytest.mark.rule("M14")
def test_a_contact_is_never_a_member(
    running: RunningService, society: str, office: FlaskClient, company: MemberRow
) -> None:
    taro = add(running, society, company, **TARO)
    assert TARO["email"] not in office.get(f"{LIST}?kind=individual&q=太郎").text
    listed = csv.reader(io.StringIO(office.get(f"{LIST}/export.csv").get_data().decode("utf-8-sig")))
    assert [row[0] for row in listed][1:] == ["H001"]
    with running.unit(society) as uow:
        begin_histories(uow)
        assert taro.id not in set(uow.session.scalars(sa.select(StandingRow.member_id)))
        with pytest.raises(NotFound):
            change_member(uow, taro.id, {"number": "1"})
        with pytest.raises(NoCardToday):
            card_of(uow, taro.id)
    for what in ("standings", "categories", "records"):
        place = f"{LIST}/{taro.id}/{what}"
        form = {"standing": "left", "category": "regular", "starts_on": "2030-01-01", "title": "x", "kind_id": new_id()}
        assert post(office, place, **form).status_code == 404, what
    refused = post(office, f"{LIST}/{taro.id}/papers/certificates", language="ja")
    assert refused.status_code == 409, "nothing to certify"
    assert office.get(f"{LIST}/{taro.id}").location.endswith(f"/members/{company.id}/contacts/{taro.id}")
    roster = check(running, society, f"会員番号,氏名,会員種別,メールアドレス\n,太郎,正会員,{TARO['email']}\n".encode())
    ((row, column, text),) = faults(running, society, roster)
    assert (row, column) == (2, "email") and TARO["name"] in text


@pytest.mark.rule("M14")
@pytest.mark.rule("M9")
def test_a_corporate_member_is_found_by_its_contacts(
    running: RunningService, society: str, office: FlaskClient, company: MemberRow
) -> None:
    taro = add(running, society, company, **TARO)
    for words in ("連絡 太郎", "れんらく", "taro@kaisei"):
        assert company.name in office.get(f"{LIST}?q={words}").text, words
    data = "会員番号,氏名,会員種別,住所\nH001,海星商事株式会社,正会員,京都府\n".encode()
    import_all(running, society, data)
    assert company.name in office.get(f"{LIST}?q=れんらく").text, "after an import, too"
    token = office.get_cookie("tsudoi_token").value  # type: ignore[union-attr]
    place = f"/members/api/members/{company.id}/contacts/{taro.id}/end"
    ended = office.put(
        place,
        json={"ends_on": today(running, society).isoformat()},
        headers={"Authorization": f"Bearer {token}"},
    )
    assert ended.status_code == 200 and ended.get_json()["present"] is False
    assert company.name not in office.get(f"{LIST}?q=れんらく").text


@pytest.mark.rule("M14")
def test_a_member_with_contacts_stays_corporate(
    running: RunningService, society: str, office: FlaskClient, company: MemberRow
) -> None:
    form = {"kind": "individual", "name": company.name, "category": "regular", "language": "ja"}
    page = f"{LIST}/{company.id}/edit"
    add(running, society, company, **TARO)
    assert post(office, page, page=page, **form).status_code == 409
    assert "法人" in office.get(page).text
    one = f"{LIST}/{company.id}/contacts/{contacts(running, society)[TARO['name']].id}"
    post(office, f"{one}/end", page=one, ends_on=today(running, society).isoformat())
    assert post(office, page, page=page, **form).status_code == 303
    assert told_of(running, company.id)[-1].kind == "individual"


@pytest.mark.rule("M14")
def test_contacts_are_listed_and_downloaded(
    running: RunningService, society: str, office: FlaskClient, company: MemberRow
) -> None:
    add(running, society, company, **JIRO)
    taro = add(running, society, company, **TARO, main=True, affiliation="総務部", duty="representative")
    gone = add(running, society, company, name="以前 三郎")
    one = f"{LIST}/{company.id}/contacts/{gone.id}"
    post(office, f"{one}/end", page=one, ends_on=today(running, society).isoformat())
    text = office.get(f"{ALL}?q=海星").text
    assert TARO["name"] in text and JIRO["name"] in text and gone.name not in text
    assert gone.name in office.get(f"{ALL}?state=ended").text
    office.get(f"{ALL}?lang=en")
    rows = list(csv.reader(io.StringIO(office.get(f"{ALL}/export.csv").get_data().decode("utf-8-sig"))))
    assert rows[0][:3] == ["Member number", "Corporate member", "Name"]
    assert [row[2] for row in rows[1:]] == [taro.name, JIRO["name"]], "the main one first"
    assert rows[1][:2] == ["H001", company.name] and rows[1][5:8] == ["総務部", "Representative", "1"]
    assert office.get(f"{ALL}/export.xlsx").data[:2] == b"PK"


@pytest.mark.rule("M14")
def test_integrators_keep_contacts(
    running: RunningService, society: str, office: FlaskClient, company: MemberRow
) -> None:
    headers = {"Authorization": f"Bearer {office.get_cookie('tsudoi_token').value}"}  # type: ignore[union-attr]
    place = f"/members/api/members/{company.id}/contacts"
    made = office.post(place, json={**TARO, "main": True}, headers=headers)
    assert made.status_code == 201 and made.get_json()["main"] and made.get_json()["duty"] == "liaison"
    one = f"{place}/{made.get_json()['id']}"
    assert office.patch(one, json={"phone": "?", "kana": "x"}, headers=headers).status_code == 422
    assert office.patch(one, json={"phone": "03-1111-2222"}, headers=headers).get_json()["phone"] == "03-1111-2222"
    assert office.patch(one, json={"name": "x", "revision": 1}, headers=headers).status_code == 409
    second = office.post(place, json=JIRO, headers=headers).get_json()["id"]
    assert office.put(f"{place}/{second}/main", headers=headers).get_json()["main"]
    assert [row["name"] for row in office.get(place, headers=headers).get_json()] == [JIRO["name"], TARO["name"]]
    assert office.post(f"{one}/invitation", headers=headers).status_code == 403, "no corporate My Page"
    office.put(f"{one}/end", json={"ends_on": "2020-01-01"}, headers=headers)
    assert [row["id"] for row in office.get(place, headers=headers).get_json()] == [second]
    assert len(office.get(f"{place}?ended=true", headers=headers).get_json()) == 2
    assert office.delete(f"{one}/end", headers=headers).get_json()["present"]
    assert office.get("/members/api/corporate-page", headers=headers).get_json() == {"used": False}


@pytest.mark.rule("M14")
@pytest.mark.rule("M7")
def test_a_number_changes_nothing_about_whom_letters_go_to(
    running: RunningService, society: str, office: FlaskClient, company: MemberRow
) -> None:
    add(running, society, company, **TARO, main=True)
    with running.unit(society) as uow:
        uow.get(MemberRow, company.id).number = None
        selection = choose(uow, sa.select(MemberRow).where(MemberRow.id == company.id))
        start_numbering(uow, selection, {"": 7})
    work(running)
    assert (told_of(running, company.id)[-1].number, told_of(running, company.id)[-1].email) == ("7", TARO["email"])
    assert "海星商事" in office.get("/members/console/members?q=レンラク").text
