"""A society that has one of everything in members, for tests that look at every page or every operation."""

from __future__ import annotations

import io

import sqlalchemy as sa

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
from services.members.models import AccountRow, MemberRow
from services.members.numbers.assigning import start_numbering
from services.members.records.by_hand import add_record
from services.members.records.kinds import list_kinds
from services.members.saved_searches import save_search
from services.members.search_conditions import MemberSearch
from services.members.selections import choose
from services.members.sessions import open_session
from shared.identity import Actor, Role
from shared.service import RunningService
from tests.unit.members.conftest import a_member, check, with_account
from tests.unit.members.fields import definition


def one_of_each(running: RunningService, society: str) -> dict[str, str]:
    """What there is, and its id."""
    member = a_member(running, society, email="m@example.jp")
    account = with_account(running, society, a_member(running, society, name="事務 員"), None, ["reader"])
    own_account = with_account(running, society, member, None)
    corporation = a_member(running, society, name="海星商事", kind="corporate")
    with running.unit(society) as uow:
        edition = publish_terms(uow, text="会員規約").edition
        here = running.settings.public_url
        start_application(uow, email="new@example.jp", language="ja", edition=edition, place="", public_url=here)
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
