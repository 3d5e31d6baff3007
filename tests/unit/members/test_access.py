"""Every page and API of members with real things behind it: open for its roles, and closed to another member and to
another society. That each route says what `shared/capabilities` says: tests/architecture/test_capabilities.py."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from typing import Any

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
from services.members.corporations.contacts import add_contact
from services.members.custom_fields.defining import add_field
from services.members.histories.changing import history_of
from services.members.histories.tracks import CATEGORY, STANDING
from services.members.integrations import add_integration, living_keys
from services.members.member_requests import make_request
from services.members.models import AccountRow, Base, MemberRow, PasswordLinkRow
from services.members.numbers.assigning import start_numbering
from services.members.records.by_hand import add_record
from services.members.records.kinds import list_kinds
from services.members.saved_searches import save_search
from services.members.search_conditions import MemberSearch
from services.members.selections import choose
from services.members.sessions import open_session
from shared.capabilities import opened_to
from shared.identity import Actor, Role
from shared.ids import new_id
from shared.service import RunningService
from tests.unit.members.conftest import LogIn, a_member, check, csrf, make_society, post, with_account, work
from tests.unit.members.fields import definition

# what stands behind an id in a path, by the part of the path before it
BEHIND = {
    "members": "member",
    "staff": "account",
    "selections": "selection",
    "searches": "search",
    "standings": "entry",
    "categories": "category",
    "import": "roster",
    "imports": "roster",
    "records": "record",
    "kinds": "kind",
    "record-kinds": "kind",
    "requests": "request",
    "announcements": "announcement",
    "attachments": "file",
    "certificates": "certificate",
    "links": "application",
    "applications": "member",
    "/api/applications": "application",
    "sessions": "session",
    "contacts": "contact",
    "custom-fields": "field",
    "integrations": "integration",
    "keys": "key",
    "search": "job",
    "merged": "member",
    "invitations": "job",
    "numbers": "job",
    "standing": "job",
    "category": "job",
    "work": "job",
}
# the kit's, and tested there: streams of long work, and the operator's pages. Tokens of mailed links: test_email.py
ELSEWHERE = re.compile(r"/members/(jobs|operator|api/societies)|<token>")
# what the forms ask for, so that they are not refused before their thing is looked for
FORM = {
    "name": "鈴木",
    "name_en": "x",
    "title": "x",
    "category": "regular",
    "standing": "active",
    "language": "ja",
    "roles": "reader",
    "starts_on": "2030-01-01",
    "answer": "x",
    "label": "x",
    "label_en": "x",
    "type": "line",
    "scopes": "members:read",
    "days": "90",
    "ends_on": "2030-01-01",
}
ASKED = {"standing": "left", "category": "student", "starts_on": "2030-01-01"}  # by the looks before a change of many


@dataclass(frozen=True)
class Route:
    method: str
    path: str  # as it is written
    address: str  # with the ids of `things`
    roles: frozenset[Role]

    @property
    def has_id(self) -> bool:
        return "<uuid:" in self.path

    def is_for(self, role: Role) -> bool:
        return not self.roles or role in self.roles


def routes(app: Flask, things: dict[str, str]) -> list[Route]:
    """All that are not public."""
    found = []
    for rule in app.url_map.iter_rules():
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            opened = opened_to(method, rule.rule)
            assert opened, rule.rule
            if opened.public or ELSEWHERE.search(rule.rule):
                continue
            for address in _addresses(rule.rule, things):
                found.append(Route(method, rule.rule, address, opened.roles))
    return found


def _addresses(path: str, things: dict[str, str]) -> list[str]:
    """One for each word that the path may hold, with a real thing for each id."""
    choice = re.search(r"<any\(([^)]*)\):\w+>", path)
    if choice:
        return [each for word in choice[1].split(", ") for each in _addresses(path.replace(choice[0], word), things)]
    path = path.replace("<code>", "regular").replace("<key>", "degree")
    if "/contacts" in path:
        path = path.replace("<uuid:member>", things["corporation"])
    for one, other in (("kept", "gone"), ("one", "other")):
        path = path.replace(f"<uuid:{one}>", things["member"]).replace(f"<uuid:{other}>", things["namesake"])
    while "<uuid:" in path:
        before, _, after = path.partition("<uuid:")
        part = "/api/applications" if before.endswith("/api/applications/") else before.rstrip("/").rpartition("/")[2]
        path = before + things[BEHIND[part]] + after.partition(">")[2]
    return [path]


@pytest.fixture
def things(running: RunningService, society: str) -> dict[str, str]:
    """One of each, in the society."""
    member = a_member(running, society, email="m@example.jp")
    account = with_account(running, society, a_member(running, society, name="事務 員"), None, ["reader"])
    own_account = with_account(running, society, member, None)
    corporation = a_member(running, society, name="海星商事", kind="corporate")
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
        session = open_session(uow, uow.get(AccountRow, own_account))
        field = add_field(uow, definition("color"))
        program, _secret = add_integration(uow, name="x", roles=[Role.READER], scopes=["members:read"], days=90)
        (key,) = living_keys(uow, [program.id])
        _contact, speaker = add_contact(uow, corporation.id, {"name": "連絡 太郎"})
    contacts_account = with_account(running, society, speaker, None)
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
        "session": session.session_id,
        "corporation": corporation.id,
        "contact": speaker.id,
        "contacts_account": contacts_account,
        "namesake": a_member(running, society).id,
        "field": field.id,
        "integration": program.id,
        "key": key.id,
    }
    return {"member": member.id, "account": account, "own_account": own_account, "roster": roster, **found}


@pytest.fixture
def known(app: Flask, things: dict[str, str]) -> list[Route]:
    return routes(app, things)


@pytest.mark.rule("S1")
@pytest.mark.rule("W3")
def test_every_page_opens_for_its_roles_only(as_role: LogIn, known: list[Route], things: dict[str, str]) -> None:
    files: set[str] = set()  # are made once, not for each role
    for role in set(Role) - {Role.OPERATOR}:
        acting = {"person": "corporation", "account": "contacts_account"}  # a contact has an account of their own
        acting = acting if role is Role.CONTACT else {"person": "member", "account": "own_account"}
        browser = as_role(role, **{name: things[what] for name, what in acting.items()})
        for page in known:
            if page.method != "GET" or "/second-step" in page.path or page.address in files:  # after the password only
                continue
            with browser.get(page.address, query_string=_query(page)) as answer:
                opened = (200, 303)  # some only choose and go on
                assert answer.status_code in (opened if page.is_for(role) else (403,)), (role, page)
                if answer.headers.get("Content-Disposition"):
                    files.add(page.address)


@pytest.mark.rule("S1")
def test_nobody_comes_in_without_a_login(client: FlaskClient, known: list[Route]) -> None:
    for page in known:
        answer = client.open(page.address, method=page.method)
        if "/api/" in page.path or page.method != "GET":
            assert answer.status_code == 401, page
        else:
            assert answer.location.startswith("/members/login?next=/members/"), page


@pytest.mark.rule("S11")
def test_no_change_without_the_token_of_a_page(as_role: LogIn, known: list[Route], things: dict[str, str]) -> None:
    browser = as_role(*Role, person=things["member"], account=things["own_account"])
    for page in known:
        if page.method != "GET":
            assert browser.open(page.address, method=page.method, json={}).status_code == 403, page


@pytest.mark.rule("S2")
@pytest.mark.rule("S3")
def test_another_societys_things_are_not_there(
    as_role: LogIn, running: RunningService, society: str, known: list[Route], things: dict[str, str]
) -> None:
    stranger = as_role(*Role, person=new_id(), society_id=make_society(running, "hokushin"))
    before = everything_of(running, society)
    for page in known:
        if page.has_id:
            _is_not_there(stranger, page, FORM | {"kind_id": things["kind"]})
    assert everything_of(running, society) == before


@pytest.mark.rule("S2")
def test_another_members_things_are_not_there(
    as_role: LogIn, running: RunningService, society: str, known: list[Route]
) -> None:
    other = a_member(running, society, email="other@example.jp")
    reader = as_role(Role.MEMBER, person=other.id, account=with_account(running, society, other, None))
    before = everything_of(running, society)
    theirs = [page for page in known if "/my/" in page.path and page.has_id and "announcements" not in page.path]
    assert {page.path.split("/")[3] for page in theirs} >= {"certificates", "requests", "security"}
    for page in theirs:
        _is_not_there(reader, page, FORM)
    assert everything_of(running, society) == before


def everything_of(running: RunningService, society: str) -> dict[str, list[Any]]:
    """All rows of a society, by table."""
    found: dict[str, list[Any]] = {}
    with running.session(reading=True) as session:
        for table in Base.metadata.sorted_tables:
            if "society_id" in table.c:
                rows = session.execute(sa.select(table).where(table.c.society_id == society)).all()
                found[table.name] = sorted(map(repr, rows))
    return found


def _is_not_there(browser: FlaskClient, page: Route, form: dict[str, str]) -> None:
    """An API may also refuse what it is sent, before it looks for the thing."""
    if page.method == "GET":
        assert browser.get(page.address, query_string=_query(page)).status_code == 404, page
    elif "/api/" in page.path:
        headers = {"X-CSRFToken": csrf(browser, "/members/password")}
        answer = browser.open(page.address, method=page.method, json={}, headers=headers)
        assert answer.status_code in (404, 422), page
    else:
        assert post(browser, page.address, **form).status_code == 404, page


def _query(page: Route) -> dict[str, str]:
    if page.path.endswith("/addresses"):
        return {"postcode": "1000001"}
    return ASKED if "/api/selections/" in page.path else {}


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
