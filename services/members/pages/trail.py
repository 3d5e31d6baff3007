"""What the entries of members' audit trail 操作ログ are called."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _

from services.members.models import (
    AccountRow,
    AnnouncementRow,
    CategoryRow,
    MemberRow,
    RecordKindRow,
    RosterRow,
    SavedSearchRow,
)
from services.members.pages.words import FIELDS, ROLE_NAMES, recorded_word
from shared.audit.words import Subject, Trail
from shared.errors import N_
from shared.web.i18n import LANGUAGES

_OF_ACCOUNT = sa.select(MemberRow.name).where(MemberRow.id == AccountRow.person_id).scalar_subquery()


def _word(name: str, value: Any) -> Any:
    if name == "roles":
        return [_(ROLE_NAMES.get(role, role)) for role in value]
    if name == "language":
        return LANGUAGES.get(value, value)
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return recorded_word(name, value, {})


TRAIL = Trail(
    actions={
        "add-member": N_("Added a member"),
        "change-member": N_("Changed a member"),
        "change-own-contact": N_("Changed their own contact data"),
        "change-own-email": N_("Changed their own e-mail address"),
        "free-address": N_("Freed an e-mail address"),
        "import-member": N_("Imported a member"),
        "confirm-roster": N_("Imported a roster"),
        "change-standing": N_("Changed a standing"),
        "let-standing-come": N_("A scheduled change took effect"),
        "change-member-category": N_("Changed the category of members"),
        "let-category-come": N_("A scheduled category took effect"),
        "assign-numbers": N_("Assigned member numbers"),
        "make-request": N_("Made a request"),
        "take-back-request": N_("Took a request back"),
        "decide-request": N_("Decided on a request"),
        "void-application": N_("Took a link to apply back"),
        "publish-terms": N_("Published terms of membership"),
        "add-category": N_("Added a category"),
        "change-category": N_("Changed a category"),
        "remove-category": N_("Removed a category"),
        "send-invitations": N_("Sent login invitations"),
        "invite-staff": N_("Invited staff"),
        "change-roles": N_("Changed roles"),
        "change-password": N_("Changed their password"),
        "set-password": N_("Set a password"),
        "appoint-operator": N_("Appointed an operator"),
        "dismiss-operator": N_("Dismissed an operator"),
        "create-society": N_("Set up the society"),
        "found-society": N_("Became the first administrator"),
        "add-second-factor": N_("Set up two-step login"),
        "remove-second-factor": N_("Switched off two-step login"),
        "make-spare-codes": N_("Made spare codes"),
        "use-spare-code": N_("Logged in with a spare code"),
        "change-login-policy": N_("Changed whether staff must have two-step login"),
        "add-record": N_("Added a history record"),
        "change-record": N_("Changed a history record"),
        "remove-record": N_("Removed a history record"),
        "import-records": N_("Brought in history records by file"),
        "forget-old-records": N_("Deleted history records whose time was over"),
        "set-record-keeping": N_("Set how long history records are kept"),
        "add-record-kind": N_("Added a kind of history records"),
        "change-record-kind": N_("Changed a kind of history records"),
        "move-record-kind": N_("Moved a kind of history records"),
        "remove-record-kind": N_("Removed a kind of history records"),
        "save-search": N_("Saved a search"),
        "change-search": N_("Changed a saved search"),
        "remove-search": N_("Removed a saved search"),
        "add-announcement": N_("Wrote an announcement"),
        "change-announcement": N_("Changed an announcement"),
        "move-announcement": N_("Moved an announcement"),
        "withdraw-announcement": N_("Took an announcement off"),
        "restore-announcement": N_("Showed an announcement again"),
        "remove-announcement": N_("Deleted an announcement"),
        "tell-announcement": N_("Sent an announcement by mail"),
        "attach-file": N_("Attached a file"),
        "remove-file": N_("Removed a file"),
        "change-card-settings": N_("Changed the settings of cards and certificates"),
        "renew-card-code": N_("Made a new code for a card"),
        "revoke-card-code": N_("Revoked the code of a card"),
        "issue-certificate": N_("Issued a certificate"),
        "merge-members": N_("Merged another record of the same person"),
        "merge-away": N_("Was merged into another record"),
        "tell-members-apart": N_("Said that two members are not the same person"),
        "propose-members-again": N_("Took back that two members are not the same person"),
    },
    subjects={
        "member": Subject(N_("Member"), "/members/console/members/{id}", (MemberRow.id, MemberRow.name)),
        "account": Subject(N_("Login"), "/members/console/staff/{id}", (AccountRow.id, _OF_ACCOUNT)),
        "category": Subject(N_("Category"), "/members/console/categories/{id}", (CategoryRow.code, CategoryRow.name)),
        "roster": Subject(N_("Roster"), "/members/console/import/{id}", (RosterRow.id, RosterRow.file_name)),
        "selection": Subject(N_("Chosen list")),
        "application": Subject(N_("Application")),
        "terms": Subject(N_("Terms of membership"), "/members/console/applications/terms"),
        "members": Subject(N_("Members")),
        "society": Subject(N_("Society")),
        "announcement": Subject(
            N_("Announcement"), "/members/console/announcements/{id}", (AnnouncementRow.id, AnnouncementRow.title)
        ),
        "record-kind": Subject(
            N_("Kind of record"), "/members/console/records/kinds", (RecordKindRow.id, RecordKindRow.name)
        ),
        "records": Subject(N_("History records"), "/members/console/records"),
        "record-keeping": Subject(N_("History records"), "/members/console/records/keeping"),
        "search": Subject(N_("Saved search"), "/members/console/searches", (SavedSearchRow.id, SavedSearchRow.name)),
        "login-policy": Subject(N_("Login"), "/members/console/staff"),
        "card-settings": Subject(N_("Cards and certificates"), "/members/console/papers"),
    },
    fields={
        **FIELDS,
        "category.name": N_("Designation"),
        "society.name": N_("Designation"),
        "name_en": N_("Name in English"),
        "file": N_("File"),
        "rows": N_("Rows"),
        "roster": N_("Roster"),
        "roles": N_("Roles"),
        "selection": N_("Chosen list"),
        "starts_on": N_("From"),
        "kind": N_("Individual or corporate"),
        "starts": N_("First number"),
        "edition": N_("Edition"),
        "number_prefix": N_("Member numbers begin with"),
        "number_width": N_("Digits of member numbers"),
    },
    word=_word,
)
