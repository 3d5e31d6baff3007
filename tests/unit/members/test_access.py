"""Who may open and change what: every page and API of members by every role, in one's own and in another society."""

from __future__ import annotations

import io
import re

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from services.members.announcements.attachments import attach_file
from services.members.announcements.editing import add_announcement
from services.members.applications.links import start_application
from services.members.applications.pending import pending_applications
from services.members.applications.terms import publish_terms
from services.members.certificates import issue_certificate
from services.members.histories.changing import history_of
from services.members.histories.tracks import CATEGORY, STANDING
from services.members.member_requests import make_request
from services.members.models import MemberRow, PasswordLinkRow
from services.members.numbers.assigning import start_numbering
from services.members.records.by_hand import add_record
from services.members.records.kinds import list_kinds
from services.members.saved_searches import save_search
from services.members.search_conditions import MemberSearch
from services.members.selections import choose
from shared.errors import Forbidden
from shared.identity import Actor, Role
from shared.ids import new_id
from shared.service import RunningService
from tests.unit.members.conftest import LogIn, a_member, check, csrf, make_society, post, with_account, work

A, F, C, E, R, M = Role.ADMINISTRATOR, Role.AFFAIRS, Role.ACCOUNTING, Role.EVENTS, Role.READER, Role.MEMBER
ALL = (A, F, C, E, R, M, Role.APPLICANT, Role.GUEST, Role.CONTACT, Role.ORGANISER)
SEE, CHANGE = (A, F, C, R), (A, F)
PAGES = {
    "/members/console/members": SEE,
    "/members/console/members/{member}": SEE,
    "/members/console/members/export.csv": SEE,
    "/members/console/members/export.xlsx": SEE,
    "/members/console/members/new": CHANGE,
    "/members/console/searches": SEE,
    "/members/console/searches/new": SEE,
    "/members/console/searches/{search}": SEE,
    "/members/console/members/{member}/edit": CHANGE,
    "/members/console/members/{member}/standings": SEE,
    "/members/console/members/{member}/standings/{entry}": CHANGE,
    "/members/console/members/{member}/categories": SEE,
    "/members/console/members/{member}/categories/{category}": CHANGE,
    "/members/console/selections/{selection}/standing": CHANGE,
    "/members/console/selections/{selection}/category": CHANGE,
    "/members/console/selections/{selection}/standing/{job}": SEE,
    "/members/console/selections/{selection}/category/{job}": SEE,
    "/members/console/selections/{selection}/numbers": CHANGE,
    "/members/console/selections/{selection}/numbers/{job}": SEE,
    "/members/console/import": CHANGE,
    "/members/console/import/template.csv": CHANGE,
    "/members/console/import/{roster}": CHANGE,
    "/members/console/import/{roster}/faults.csv": CHANGE,
    "/members/console/records": SEE,
    "/members/console/records/export.csv": SEE,
    "/members/console/records/export.xlsx": SEE,
    "/members/console/records/keeping": SEE,
    "/members/console/records/kinds": SEE,
    "/members/console/records/kinds/{kind}": CHANGE,
    "/members/console/records/import": CHANGE,
    "/members/console/records/import/template.xlsx": CHANGE,
    "/members/console/records/import/{roster}": CHANGE,
    "/members/console/records/import/{roster}/faults.csv": CHANGE,
    "/members/console/members/{member}/records": SEE,
    "/members/console/members/{member}/records/{record}": CHANGE,
    "/members/console/duplicates": SEE,
    "/members/console/duplicates/search/{job}": SEE,
    "/members/console/duplicates/merged/{member}": SEE,
    "/members/console/duplicates/{member}/{namesake}": CHANGE,
    "/members/console/categories": SEE,
    "/members/console/categories/regular": CHANGE,
    "/members/console/applications": SEE,
    "/members/console/applications/terms": SEE,
    "/members/console/requests": SEE,
    "/members/console/requests/{request}": SEE,
    "/members/console/announcements": SEE,
    "/members/console/announcements/new": CHANGE,
    "/members/console/announcements/{announcement}": SEE,
    "/members/console/announcements/{announcement}/edit": CHANGE,
    "/members/console/papers": SEE,
    "/members/console/members/{member}/papers": SEE,
    "/members/console/members/{member}/papers/certificates/{certificate}.pdf": SEE,
    "/members/console/staff": (A,),
    "/members/console/staff/{account}": (A,),
    "/members/console/audit": (A,),
    "/members/console/audit/export.csv": (A,),
    "/members/my/": (M, Role.APPLICANT, Role.GUEST, Role.CONTACT),
    "/members/my/profile": (M, Role.APPLICANT, Role.GUEST, Role.CONTACT),
    "/members/my/profile/edit": (M, Role.APPLICANT, Role.GUEST, Role.CONTACT),
    "/members/my/email": ALL,
    "/members/my/announcements": (M, Role.APPLICANT),
    "/members/my/announcements/{announcement}": (M, Role.APPLICANT),
    "/members/my/requests": (M,),
    "/members/my/requests/new/leave": (M,),
    "/members/api/audit": (A,),
    "/members/my/card": (M,),
    "/members/my/card.pdf": (M,),
    "/members/my/certificates/{certificate}.pdf": (M,),
    "/members/my/records": (M,),
    "/members/api/my/records": (M,),
    "/members/api/records": SEE,
    "/members/api/records/{record}": SEE,
    "/members/api/record-kinds": SEE,
    "/members/api/record-keeping": SEE,
    "/members/api/searches": SEE,
    "/members/api/requests": SEE,
    "/members/api/announcements": SEE,
    "/members/api/announcements/{announcement}": SEE,
    "/members/api/my/announcements": (M, Role.APPLICANT),
    "/members/api/my/announcements/{announcement}": (M, Role.APPLICANT),
    "/members/api/card-settings": SEE,
    "/members/api/members/{member}/card": SEE,
    "/members/api/members/{member}/certificates": SEE,
    "/members/api/members/{member}/certificates/{certificate}.pdf": SEE,
    "/members/api/members": SEE,
    "/members/api/members/{member}": SEE,
    "/members/api/duplicates": SEE,
    "/members/api/members/{member}/mergers/{namesake}": CHANGE,
    "/members/api/members/{member}/standings": SEE,
    "/members/api/members/{member}/categories": SEE,
    "/members/api/selections/{selection}/standing?standing=left&starts_on=2030-01-01": CHANGE,
    "/members/api/selections/{selection}/category?category=student&starts_on=2030-01-01": CHANGE,
    "/members/api/selections/{selection}/numbers": CHANGE,
    "/members/api/work/{job}": CHANGE,
    "/members/api/applications": SEE,
    "/members/api/terms": SEE,
    "/members/api/imports/{roster}": CHANGE,
    "/members/api/imports/{roster}/faults": CHANGE,
}
CHANGES = {
    "/members/console/members": CHANGE,
    "/members/console/members/{member}/edit": CHANGE,
    "/members/console/members/{member}/invite": CHANGE,
    "/members/console/members/{member}/free-address": CHANGE,
    "/members/console/members/{member}/second-step/remove": CHANGE,
    "/members/console/members/invitations": CHANGE,
    "/members/console/members/{member}/standings": CHANGE,
    "/members/console/members/{member}/standings/{entry}": CHANGE,
    "/members/console/members/{member}/standings/{entry}/remove": CHANGE,
    "/members/console/members/{member}/categories": CHANGE,
    "/members/console/members/{member}/categories/{category}": CHANGE,
    "/members/console/members/{member}/categories/{category}/remove": CHANGE,
    "/members/console/searches": SEE,
    "/members/console/searches/{search}": SEE,
    "/members/console/searches/{search}/conditions": SEE,
    "/members/console/searches/{search}/remove": SEE,
    "/members/console/selections": CHANGE,
    "/members/console/selections/{selection}/standing": CHANGE,
    "/members/console/selections/{selection}/category": CHANGE,
    "/members/console/selections/{selection}/numbers": CHANGE,
    "/members/console/import": CHANGE,
    "/members/console/import/{roster}/confirm": CHANGE,
    "/members/console/import/{roster}/check": CHANGE,
    "/members/console/import/{roster}/discard": CHANGE,
    "/members/console/records/keeping": CHANGE,
    "/members/console/records/kinds": CHANGE,
    "/members/console/records/kinds/{kind}": CHANGE,
    "/members/console/records/kinds/{kind}/up": CHANGE,
    "/members/console/records/kinds/{kind}/remove": CHANGE,
    "/members/console/records/import": CHANGE,
    "/members/console/records/import/{roster}/confirm": CHANGE,
    "/members/console/records/import/{roster}/check": CHANGE,
    "/members/console/records/import/{roster}/discard": CHANGE,
    "/members/console/members/{member}/records": CHANGE,
    "/members/console/members/{member}/records/{record}": CHANGE,
    "/members/console/members/{member}/records/{record}/remove": CHANGE,
    "/members/api/record-kinds/{kind}/up": CHANGE,
    "/members/console/requests/{request}/accept": CHANGE,
    "/members/console/requests/{request}/refuse": CHANGE,
    "/members/console/announcements": CHANGE,
    "/members/console/announcements/{announcement}/edit": CHANGE,
    "/members/console/announcements/{announcement}/up": CHANGE,
    "/members/console/announcements/{announcement}/copy": CHANGE,
    "/members/console/announcements/{announcement}/withdraw": CHANGE,
    "/members/console/announcements/{announcement}/restore": CHANGE,
    "/members/console/announcements/{announcement}/remove": CHANGE,
    "/members/console/announcements/{announcement}/attachments/{file}/remove": CHANGE,
    "/members/my/requests/new/leave": (M,),
    "/members/my/requests/{request}/take-back": (M,),
    "/members/my/card/renew": (M,),
    "/members/my/card/revoke": (M,),
    "/members/my/certificates": (M,),
    "/members/console/papers": CHANGE,
    "/members/console/members/{member}/papers/card": CHANGE,
    "/members/console/members/{member}/papers/card/revoke": CHANGE,
    "/members/console/members/{member}/papers/certificates": CHANGE,
    "/members/console/applications/admissions": CHANGE,
    "/members/console/applications/{member}/withdraw": CHANGE,
    "/members/console/applications/links/{application}/void": CHANGE,
    "/members/console/applications/terms": CHANGE,
    "/members/console/duplicates": CHANGE,
    "/members/console/duplicates/{member}/{namesake}": CHANGE,
    "/members/console/duplicates/{member}/{namesake}/different": CHANGE,
    "/members/console/duplicates/{member}/{namesake}/again": CHANGE,
    "/members/console/categories": CHANGE,
    "/members/console/categories/regular": CHANGE,
    "/members/console/categories/regular/up": CHANGE,
    "/members/console/categories/regular/remove": CHANGE,
    "/members/console/staff": (A,),
    "/members/console/staff/{account}": (A,),
    "/members/console/staff/{account}/second-step/remove": (A,),
    "/members/console/staff/login-policy": (A,),
    "/members/my/profile/edit": (M, Role.APPLICANT, Role.GUEST, Role.CONTACT),
}


@pytest.fixture
def things(running: RunningService, society: str) -> dict[str, str]:
    """One of each, in the society."""
    member = a_member(running, society, email="m@example.jp")
    account = with_account(running, society, a_member(running, society, name="事務 員"), None, ["reader"])
    with running.unit(society) as uow:
        publish_terms(uow, text="会員規約")
        start_application(uow, email="new@example.jp", language="ja", edition=1, place="", public_url="http://x")
        (application,) = pending_applications(uow)
        selection = choose(uow, sa.select(MemberRow).where(MemberRow.id == member.id))
        job = start_numbering(uow, selection, {"": 1})
        (entry,) = history_of(uow, STANDING, member.id)
        (category,) = history_of(uow, CATEGORY, member.id)
        certificate = issue_certificate(uow, member.id, "ja")
        kind = list_kinds(uow)[0]
        record = add_record(uow, member.id, {"kind_id": kind.id, "title": "x", "starts_on": uow.today})
        asked = make_request(uow, member.id, "leave", {"day": uow.today}, reason="")
        announcement = add_announcement(uow, {"title": "総会", "shown_from": uow.today})
        file = attach_file(uow, announcement.id, "a.txt", io.BytesIO(b"text"))
    with running.unit(society, actor=Actor(kind="person", id=account, name="事務 員")) as uow:
        saved = save_search(uow, MemberSearch(q="高橋"), name="高橋さん", shared=True)
    roster = check(running, society, b"x").id
    found = {
        "selection": selection.id,
        "job": job.id,
        "entry": entry.id,
        "category": category.id,
        "request": asked.id,
        "announcement": announcement.id,
        "file": file.id,
        "certificate": certificate.id,
        "kind": kind.id,
        "record": record.id,
        "search": saved.id,
        "application": application.id,
        "namesake": a_member(running, society).id,
    }
    return {"member": member.id, "account": account, "roster": roster, **found}


@pytest.mark.rule("S1")
def test_every_page_opens_for_its_roles_only(as_role: LogIn, things: dict[str, str]) -> None:
    for role in ALL:
        browser = as_role(role, person=things["member"])
        for page, roles in PAGES.items():
            status = browser.get(page.format(**things)).status_code
            assert status == (200 if role in roles else 403), (role, page)


@pytest.mark.rule("S1")
def test_every_change_is_for_its_roles_only(as_role: LogIn, things: dict[str, str]) -> None:
    for role in ALL:
        browser = as_role(role, person=things["member"])
        token = csrf(browser, "/members/password")
        for address, roles in CHANGES.items():
            if role not in roles:
                status = browser.post(address.format(**things), data={"csrf_token": token}).status_code
                assert status == Forbidden.kind.status, (role, address)


@pytest.mark.rule("S1")
def test_nobody_comes_in_without_a_login(client: FlaskClient, things: dict[str, str]) -> None:
    for page in PAGES:
        answer = client.get(page.format(**things))
        if "/api/" in page:
            assert answer.status_code == 401, page
        else:
            assert answer.location.startswith("/members/login?next=/members/"), page


@pytest.mark.rule("S11")
def test_no_change_without_the_token_of_a_page(as_role: LogIn, things: dict[str, str]) -> None:
    browser = as_role(Role.ADMINISTRATOR, person=things["member"])
    for address in CHANGES:
        assert browser.post(address.format(**things)).status_code == 403, address


@pytest.mark.rule("S2")
@pytest.mark.rule("S3")
def test_another_societys_things_are_not_there(as_role: LogIn, running: RunningService, things: dict[str, str]) -> None:
    stranger = as_role(*ALL, person=new_id(), society_id=make_society(running, "hokushin"))
    for page in PAGES:
        if "{" in page:
            assert stranger.get(page.format(**things)).status_code == 404, page
    for address in CHANGES:
        if "{" in address:
            form = {"name": "鈴木", "category": "regular", "standing": "active", "language": "ja", "roles": "reader"}
            form |= {"starts_on": "2030-01-01", "answer": "x", "name_en": "x", "title": "x", "kind_id": things["kind"]}
            assert post(stranger, address.format(**things), **form).status_code == 404, address


@pytest.mark.rule("S3")
def test_lists_show_nothing_of_another_society(as_role: LogIn, running: RunningService, things: dict[str, str]) -> None:
    stranger = as_role(Role.ADMINISTRATOR, society_id=make_society(running, "hokushin"))
    for page in (
        "/members/console/members",
        "/members/console/members/export.csv",
        "/members/console/staff",
        "/members/api/members",
    ):
        text = stranger.get(page).get_data(as_text=True)
        assert "髙橋 花子" not in text and "事務 員" not in text, page


@pytest.mark.rule("S3")
def test_invitations_reach_only_ones_own_members(
    as_role: LogIn, running: RunningService, things: dict[str, str]
) -> None:
    stranger = as_role(Role.ADMINISTRATOR, society_id=make_society(running, "hokushin"))
    post(stranger, "/members/console/members/invitations", id=things["member"])
    work(running)
    with running.session(reading=True) as session:
        assert session.scalars(sa.select(PasswordLinkRow.id)).all() == []


def test_all_routes_are_in_the_matrix(app: Flask) -> None:
    known = {*PAGES, *CHANGES}
    public = (
        "/members/login",
        "/members/logout",
        "/members/session",
        "/members/password",
        "/members/apply",
        "/members/verify",
        "/members/setup",
        "/members/health",
    )
    kit = ("/members/static", "/members/jobs", "/members/metrics", "/members/operator", "/members/api/openapi.json")
    others = {
        "/members/attachments/<uuid:id>",  # 404 for all who may not: tests/unit/members/test_attachments.py
        "/members/api/announcements/<uuid:id>/move",
        "/members/api/announcements/<uuid:id>/copy",
        "/members/api/announcements/<uuid:id>/withdrawal",
        "/members/api/announcements/<uuid:id>/attachments",
        "/members/api/announcements/<uuid:id>/attachments/<uuid:id>",
        "/members/api/my/announcements/<uuid:id>/read",
        "/members/console/announcements/<uuid:id>/<any(top, up, down, bottom):way>",
        "/members/",
        "/members/my/password",
        "/members/my/email/<token>",
        "/members/my/security",
        "/members/my/security/second-step",
        "/members/my/security/second-step/confirm",
        "/members/my/security/second-step/remove",
        "/members/my/security/spare-codes",
        "/members/my/security/sessions/<uuid:id>/end",
        "/members/my/security/sessions/end-others",
        "/members/api/members/<uuid:id>/email",
        "/members/api/me",
        "/members/api/imports",
        "/members/api/imports/<uuid:id>/confirm",
        "/members/api/applications/<uuid:id>",
        "/members/api/admissions",
        "/members/api/records/imports",
        "/members/api/record-kinds/<uuid:id>",
        "/members/api/record-kinds/<uuid:id>/<any(up, down):way>",
        "/members/console/records/export.<any(csv, xlsx):kind>",
        "/members/console/records/kinds/<uuid:id>/<any(up, down):way>",
        "/members/api/duplicates/search",
        "/members/api/duplicates/<uuid:id>/<uuid:id>/different",
        "/members/console/duplicates/choose",
        "/members/api/requests/<uuid:id>/accept",
        "/members/api/requests/<uuid:id>/refuse",
        "/members/my/requests/new/<any(name, leave, withdrawal):kind>",
        "/members/api/members/<uuid:id>/standings/<uuid:id>",
        "/members/api/members/<uuid:id>/categories/<uuid:id>",
        "/members/api/searches/<uuid:id>",
        "/members/api/selections",
        "/members/api/selections/<uuid:id>/numbers/preview",
        "/members/console/members/invitations/<uuid:id>",
        "/members/console/members/export.<any(csv, xlsx):kind>",
        "/members/console/audit/export.<any(csv, xlsx):kind>",
        "/members/console/categories/<code>",
        "/members/console/categories/<code>/remove",
        "/members/console/categories/<code>/<any(up, down):way>",
    }
    forms = {re.sub(r"\{\w+\}", "<uuid:id>", name.partition("?")[0]) for name in known}
    either = re.compile(r"<any\((?:standings, categories|standing, category)\):\w+>")
    spelt = {
        either.sub(name, rule.rule)
        for rule in app.url_map.iter_rules()
        for name in (("standings", "categories") if "standings," in rule.rule else ("standing", "category"))
    }
    rules = {re.sub(r"<uuid:\w+>", "<uuid:id>", rule) for rule in spelt}
    missing = [rule for rule in rules if rule not in forms | others and not rule.startswith((*public, *kit))]
    assert missing == []
