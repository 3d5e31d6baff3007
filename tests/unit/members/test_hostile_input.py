"""Hostile input for the whole API of members, on PostgreSQL: no 5xx, and no answer that its document
does not describe."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from services.members.models import (
    AnnouncementRow,
    ApplicationRow,
    AttachmentRow,
    CategoryEntryRow,
    CertificateRow,
    ContactRow,
    CustomFieldRow,
    IntegrationKeyRow,
    IntegrationRow,
    MemberRow,
    RecordKindRow,
    RecordRow,
    RequestRow,
    RosterRow,
    SavedSearchRow,
    SelectionRow,
    StandingRow,
)
from services.members.settings import MembersSettings
from shared.identity import Role
from shared.jobs import JobRow
from shared.service import RunningService
from tests.fuzzing import Fuzzed, Things
from tests.servers.plugin import FreshDatabase
from tests.tokens import token_of
from tests.unit.members import conftest
from tests.unit.members.conftest import a_member, make_society, with_account
from tests.unit.members.one_of_each import one_of_each

NEVER_DONE = (  # chance finds no values that fit: shown by other tests
    "DELETE /members/api/custom-fields/{id}/retirement",
    "DELETE /members/api/members/{member}/categories/{id}",
    "DELETE /members/api/members/{member}/standings/{id}",
    "PATCH /members/api/my/corporation",
    "POST /members/api/records",
    "POST /members/api/selections/{id}/category",
    "POST /members/api/selections/{id}/numbers",
    "POST /members/api/selections/{id}/standing",
    "PUT /members/api/members/{kept}/mergers/{gone}",
)


@pytest.fixture
def running(fresh_database: FreshDatabase, tmp_path: Path) -> Iterator[RunningService]:
    started = conftest.start(fresh_database("members", migrated=True).app_url, tmp_path)
    yield started
    started.stop()


@pytest.fixture
def fuzzed(running: RunningService, society: str, app: Flask) -> Fuzzed:
    made = one_of_each(running, society)
    asking = a_member(running, society, name="髙橋 一郎", email="asks@example.jp")
    spare = a_member(running, society, name="予備 次郎")
    other = make_society(running, "hokushin")
    assert isinstance(running.settings, MembersSettings)
    key, account = (
        running.settings.token_key.read_bytes(),
        with_account(running, society, asking, None, ["administrator"]),
    )
    token = token_of(key, *Role, society=society, person=asking.id, account=account)
    people = sa.select(MemberRow.id).where(MemberRow.id != asking.id).order_by(MemberRow.id)
    things: Things = {
        "/members/{}": people,
        "/members/{}/standings/{}": sa.select(StandingRow.member_id, StandingRow.id),
        "/members/{}/categories/{}": sa.select(CategoryEntryRow.member_id, CategoryEntryRow.id),
        "/members/{}/contacts": sa.select(ContactRow.corporation_id, ContactRow.id),
        "/members/{}/certificates/{}": sa.select(CertificateRow.person_id, CertificateRow.id),
        "/members/{}/mergers/{}": people.with_only_columns(MemberRow.id, sa.literal(spare.id)),
        "/duplicates/{}/{}": people.with_only_columns(MemberRow.id, sa.literal(spare.id)),
        "/announcements/{}": sa.select(AnnouncementRow.id),
        "/announcements/{}/attachments/{}": sa.select(AttachmentRow.announcement_id, AttachmentRow.id),
        "/my/announcements/{}": sa.select(AnnouncementRow.id),
        "/applications/{}": sa.select(ApplicationRow.id),
        "/custom-fields/{}": sa.select(CustomFieldRow.id),
        "/imports/{}": sa.select(RosterRow.id),
        "/integrations/{}": sa.select(IntegrationRow.id),
        "/integrations/{}/keys/{}": sa.select(IntegrationKeyRow.integration_id, IntegrationKeyRow.id),
        "/record-kinds/{}": sa.select(RecordKindRow.id),
        "/records/{}": sa.select(RecordRow.id),
        "/requests/{}": sa.select(RequestRow.id),
        "/searches/{}": sa.select(SavedSearchRow.id),
        "/selections/{}": sa.select(SelectionRow.id),
        "/societies/{}": sa.select(sa.literal(other)),
        "/work/{}": sa.select(JobRow.id),
    }
    return Fuzzed(running, app, token, society, things, {"category": "regular", "kind_id": made["kind"]})


@pytest.mark.rule("S41")
@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_no_input_breaks_the_api(fuzzed: Fuzzed, campaign: bool) -> None:
    fuzzed.try_everything(thorough=campaign, never_done=NEVER_DONE)
