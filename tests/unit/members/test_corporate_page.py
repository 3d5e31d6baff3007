"""The corporate My Page 法人マイページ: with it contacts log in and edit their own names, without it staff do (M14)."""

from __future__ import annotations

from datetime import date

import pytest
from flask import Flask
from flask.testing import FlaskClient

from services.members.announcements.editing import add_announcement
from services.members.corporations.contacts import add_contact, end_contact
from services.members.corporations.my_page import use_my_page
from services.members.models import AccountRow, LoginPolicyRow, MemberRow
from services.members.password_requests import answer_requests, ask_for_link
from services.members.sessions import principal_of
from services.members.standings.history import change_standing
from shared.identity import Role, TokenReader
from shared.messages.members import EmailChangeStarted, PasswordResetStarted, PersonChanged, RequestMade, SessionsEnded
from shared.service import RunningService
from tests.unit.members.conftest import PASSWORD, LogIn, a_member, log_in, post, said, with_account

TARO = "taro@kaisei.example"
HOME = "/members/my/"
PROFILE = "/members/my/profile"
API = "/members/api/my/corporation"
EDIT = "/members/my/corporation/edit"
CLOSED = "法人マイページを利用していません"


@pytest.fixture
def company(running: RunningService, society: str) -> MemberRow:
    whom = {"kind": "corporate", "name": "海星商事株式会社", "number": "H001", "email": "info@kaisei.example"}
    return a_member(running, society, **whom, joined_on=date(2020, 4, 1))


@pytest.fixture
def taro(running: RunningService, society: str, company: MemberRow, hashed: str) -> MemberRow:
    """The main contact, with a password; the society uses the corporate My Page."""
    with running.unit(society) as uow:
        use_my_page(uow, True)
        _contact, person = add_contact(uow, company.id, {"name": "連絡 太郎", "email": TARO, "main": True})
    with_account(running, society, person, hashed)
    return person


def use(running: RunningService, society: str, used: bool) -> None:
    with running.unit(society) as uow:
        use_my_page(uow, used)


@pytest.fixture
def contact(client: FlaskClient, taro: MemberRow) -> FlaskClient:
    assert log_in(client, TARO).location == HOME
    return client


@pytest.mark.rule("M14")
def test_a_contact_sees_the_corporate_member_and_edits_their_own_name(
    running: RunningService, society: str, contact: FlaskClient, company: MemberRow, taro: MemberRow
) -> None:
    assert running.settings.token_public
    reader = TokenReader(running.settings.token_public.read_bytes())
    who = reader.read(contact.get_cookie("tsudoi_token").value)  # type: ignore[union-attr]
    assert (who.roles, who.person_id, who.name) == (frozenset({Role.CONTACT}), company.id, "連絡 太郎"), (
        "acts for the company"
    )
    home = contact.get(HOME).text
    assert "連絡 太郎" in home and company.name in home and "H001" in home
    profile = contact.get(PROFILE).text
    assert company.name in profile and "正会員" in profile and "在会" in profile and "主たる連絡者" in profile
    form = {"name": "連絡 新太郎", "kana": "れんらく しんたろう", "affiliation": "総務部", "language": "ja"}
    assert post(contact, EDIT, page=EDIT, **form, email="x@y.example", standing="left").status_code == 303
    person = [m.person for m in said(running) if isinstance(m, PersonChanged) and m.person.id == taro.id][-1]
    assert (person.name, person.kana, person.affiliation) == ("連絡 新太郎", "レンラク シンタロウ", "総務部")
    assert (person.email, person.standing) == (TARO, "active")
    assert post(contact, EDIT, page=EDIT, **{**form, "kana": "漢字"}).status_code == 422
    token = {"Authorization": f"Bearer {contact.get_cookie('tsudoi_token').value}"}  # type: ignore[union-attr]
    changed = contact.patch(API, json={"phone": "03-1111-2222"}, headers=token).get_json()
    assert (changed["phone"], changed["name"]) == ("03-1111-2222", "連絡 新太郎")
    assert contact.patch(API, json={"email": "x@y.example"}, headers=token).status_code == 422
    seen = contact.get(API, headers=token).get_json()
    assert (seen["name"], seen["number"], [row["id"] for row in seen["contacts"]]) == (company.name, "H001", [taro.id])
    for page in ("/members/my/profile/edit", "/members/my/card", "/members/my/records", "/members/console/members"):
        assert contact.get(page).status_code == 403, page


@pytest.mark.rule("M14")
def test_without_the_corporate_my_page_nobody_comes_in_and_only_staff_edit(
    app: Flask,
    running: RunningService,
    society: str,
    contact: FlaskClient,
    as_role: LogIn,
    company: MemberRow,
    taro: MemberRow,
) -> None:
    office = as_role(Role.AFFAIRS)
    place = "/members/console/contacts"
    assert post(office, f"{place}/my-page", page=place, used="0").status_code == 303
    (ended,) = [m for m in said(running) if isinstance(m, SessionsEnded)]
    assert ended.session_ids, "who is in, is out"
    assert contact.get(EDIT).status_code == 302
    refused = log_in(app.test_client(), TARO)
    assert refused.status_code == 403 and CLOSED in refused.text
    assert CLOSED not in log_in(app.test_client(), TARO, "wrong").text, "only they learn it"
    one = f"/members/console/members/{company.id}/contacts/{taro.id}"
    refused = post(office, f"{one}/invite", page=one)
    assert refused.status_code == 403 and CLOSED in refused.text
    form = {"name": "連絡 花子", "email": TARO, "language": "ja", "duty": "liaison"}
    assert post(office, one, page=one, **form).status_code == 303
    assert post(office, f"{place}/my-page", page=place, used="1").status_code == 303
    assert log_in(app.test_client(), TARO).location == HOME


@pytest.mark.rule("M14")
def test_a_contact_is_invited_and_the_corporate_member_itself_is_not(
    running: RunningService, society: str, taro: MemberRow, company: MemberRow, as_role: LogIn
) -> None:
    office = as_role(Role.AFFAIRS)
    one = f"/members/console/members/{company.id}/contacts/{taro.id}"
    assert post(office, f"{one}/invite", page=one).status_code == 303
    (link,) = [m for m in said(running) if isinstance(m, PasswordResetStarted)]
    assert link.person_id == taro.id
    assert post(office, f"/members/console/members/{company.id}/invite").status_code == 422
    assert post(office, f"/members/console/members/{taro.id}/invite").status_code == 422
    with running.unit(society) as uow:
        ask_for_link(uow, "info@kaisei.example", place="")
    answer_requests(running)
    assert len([m for m in said(running) if isinstance(m, PasswordResetStarted)]) == 1, "it would reach the contact"


@pytest.mark.rule("M14")
@pytest.mark.rule("S9")
def test_whose_company_has_left_is_out_at_once(
    app: Flask, running: RunningService, society: str, contact: FlaskClient, company: MemberRow
) -> None:
    with running.unit(society) as uow:
        change_standing(uow, company.id, "left", uow.today)
    assert contact.get(PROFILE).status_code == 302
    assert log_in(app.test_client(), TARO).status_code == 401


@pytest.mark.rule("M14")
@pytest.mark.rule("S9")
def test_an_ended_contact_is_out_at_once(
    app: Flask, running: RunningService, society: str, contact: FlaskClient, taro: MemberRow
) -> None:
    with running.unit(society) as uow:
        end_contact(uow, taro.id, uow.today)
    assert contact.get(PROFILE).status_code == 302
    refused = log_in(app.test_client(), TARO)
    assert refused.status_code == 401 and CLOSED not in refused.text


@pytest.mark.rule("M14")
@pytest.mark.rule("S1")
def test_who_acts_for_nobody_any_more_is_themselves(running: RunningService, society: str, taro: MemberRow) -> None:
    """Also where they work for the office, and may do nothing before their two-step login is set up."""
    id = with_account(running, society, taro, None, ["reader"])
    with running.unit(society) as uow:
        uow.add(LoginPolicyRow(staff_need_second_factor=True))
        uow.session.flush()
        assert principal_of(uow, uow.get(AccountRow, id), id).roles == {Role.CONTACT}
        end_contact(uow, taro.id, uow.today)
        who = principal_of(uow, uow.get(AccountRow, id), id)
    assert (who.person_id, who.roles) == (taro.id, frozenset({Role.GUEST}))


@pytest.mark.rule("M14")
@pytest.mark.rule("M12")
def test_a_contacts_new_address_is_their_own_and_letters_follow_it(
    running: RunningService, contact: FlaskClient, company: MemberRow, taro: MemberRow
) -> None:
    place = "/members/my/email"
    assert TARO in contact.get(place).text
    post(contact, place, page=place, email="neu@kaisei.example", password=PASSWORD)
    (started,) = [m for m in said(running) if isinstance(m, EmailChangeStarted)]
    assert started.person_id == taro.id
    link = started.link.removeprefix("http://localhost")
    assert post(contact, link, page=link).status_code == 303
    told = {m.person.id: m.person.email for m in said(running) if isinstance(m, PersonChanged)}
    assert told == {taro.id: "neu@kaisei.example", company.id: "neu@kaisei.example"}


@pytest.mark.rule("M14")
@pytest.mark.rule("M15")
@pytest.mark.rule("M13+")
def test_a_contact_reads_the_announcements_and_asks_for_the_corporate_member(
    running: RunningService, society: str, contact: FlaskClient, company: MemberRow
) -> None:
    with running.unit(society) as uow:
        add_announcement(uow, {"title": "賛助会員の皆様へ", "shown_from": uow.today})
    assert "賛助会員の皆様へ" in contact.get("/members/my/announcements").text
    place = "/members/my/requests/new/name"
    assert company.name in contact.get(place).text
    assert post(contact, place, page=place, name="海星ホールディングス").status_code == 303
    (made,) = [m for m in said(running) if isinstance(m, RequestMade)]
    assert made.person_id == company.id
