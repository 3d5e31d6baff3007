"""What the entries of members' audit trail 操作ログ are called."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from services.members.custom_fields.types import FOR_MEMBER, TYPES
from services.members.models import (
    AccountRow,
    AnnouncementRow,
    CategoryRow,
    CustomFieldRow,
    IntegrationRow,
    MemberRow,
    RecordKindRow,
    RosterRow,
    SavedSearchRow,
)
from services.members.pages.words import CAUSES, FIELDS, recorded_word, scope_name
from shared.audit.words import Subject, Trail
from shared.capabilities import role_name
from shared.errors import N_
from shared.identity import Role
from shared.web.i18n import LANGUAGES, language

_MODES = {
    "both": N_("New and changed"),
    "add": N_("Only new"),
    "change": N_("Only changes"),
    "remove": N_("Removal"),
}
_OF_ACCOUNT = sa.select(MemberRow.name).where(MemberRow.id == AccountRow.person_id).scalar_subquery()


def _words(session: Session) -> Callable[[str, Any], Any]:
    """With the names that categories have now."""
    rows = session.scalars(sa.select(CategoryRow))
    return partial(_word, {row.code: row.name_in(language()) for row in rows})


def _word(categories: Mapping[str, str], name: str, value: Any) -> Any:
    if name == "categories" and " " not in value:  # one of those for whom an announcement is
        return categories.get(value, value)
    if name == "roles":
        return role_name(Role(value), language())
    if name == "scopes":
        return scope_name(value)
    if name == "mode":
        return _(_MODES[value])
    if name == "language":
        return LANGUAGES.get(value, value)
    if name == "choices":
        return value["label"]
    if name == "for_member":
        return _(FOR_MEMBER[value])
    if name == "type" and value in TYPES:
        return _(TYPES[value])
    if name == "cause":
        return _(CAUSES.get(value, value))
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return recorded_word(name, value, categories)


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
        "issue-setup-link": N_("Made the link to the first administrator"),
        "suspend-society": N_("Suspended the society"),
        "resume-society": N_("Resumed the society"),
        "add-second-factor": N_("Set up two-step login"),
        "remove-second-factor": N_("Switched off two-step login"),
        "make-spare-codes": N_("Made spare codes"),
        "use-spare-code": N_("Logged in with a spare code"),
        "change-login-policy": N_("Changed whether staff must have two-step login"),
        "add-integration": N_("Registered an integration"),
        "change-integration": N_("Changed an integration"),
        "stop-integration": N_("Stopped an integration"),
        "add-integration-key": N_("Made a key for an integration"),
        "remove-integration-key": N_("Removed a key of an integration"),
        "add-contact": N_("Added a contact"),
        "change-contact": N_("Changed a contact"),
        "change-own-contact-person": N_("Changed their own data as a contact"),
        "make-main-contact": N_("Chose the main contact"),
        "end-contact": N_("Ended a contact"),
        "resume-contact": N_("Took a contact on again"),
        "change-corporate-page": N_("Changed whether there is a corporate My Page"),
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
        "add-custom-field": N_("Added a custom field"),
        "change-custom-field": N_("Changed a custom field"),
        "move-custom-field": N_("Moved a custom field"),
        "retire-custom-field": N_("Stopped asking for a custom field"),
        "restore-custom-field": N_("Began to ask for a custom field again"),
        "remove-custom-field": N_("Removed a custom field"),
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
        "set-person-keeping": N_("Set how long people are kept who have left"),
        "hold-back-person": N_("Held somebody back from being erased"),
        "release-person": N_("Released somebody to be erased"),
        "erase-person": N_("Erased a person's data"),
        "tell-erasures": N_("Told the other services again who was erased"),
        "download-own-data": N_("Downloaded a copy of their own data"),
        "download-person-data": N_("Downloaded all data of a person"),
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
        "custom-field": Subject(
            N_("Custom field"), "/members/console/custom-fields", (CustomFieldRow.id, CustomFieldRow.label)
        ),
        "person-keeping": Subject(N_("Erasure of personal data"), "/members/console/erasure"),
        "search": Subject(N_("Saved search"), "/members/console/searches", (SavedSearchRow.id, SavedSearchRow.name)),
        "login-policy": Subject(N_("Login"), "/members/console/staff"),
        "integration": Subject(
            N_("Integration"), "/members/console/integrations/{id}", (IntegrationRow.id, IntegrationRow.name)
        ),
        "corporate-page": Subject(N_("Corporate My Page"), "/members/console/contacts"),
        "card-settings": Subject(N_("Cards and certificates"), "/members/console/papers"),
    },
    fields={
        **FIELDS,
        "category.name": N_("Designation"),
        "society.name": N_("Designation"),
        "days": N_("Days"),
        "reason": N_("Reason"),
        "name_en": N_("Name in English"),
        "corporate_page": N_("Corporate My Page"),
        "file": N_("File"),
        "rows": N_("Rows"),
        "mode": N_("What the file is for"),
        "roster": N_("Roster"),
        "integration.name": N_("Designation"),
        "scopes": N_("Scopes"),
        "integration.key": N_("Key"),
        "valid_until": N_("Valid until"),
        "roles": N_("Roles"),
        "selection": N_("Chosen list"),
        "starts_on": N_("From"),
        "kind": N_("Individual or corporate"),
        "starts": N_("First number"),
        "edition": N_("Edition"),
        "cause": N_("Cause"),
        "number_prefix": N_("Member numbers begin with"),
        "number_width": N_("Digits of member numbers"),
        "key": N_("Code"),
        "custom-field.type": N_("What it holds"),
        "label": N_("Field name"),
        "label_en": N_("Name in English"),
        "hint": N_("Explanation"),
        "hint_en": N_("Explanation in English"),
        "choices": N_("Choices"),
        "least": N_("Smallest or earliest value"),
        "most": N_("Largest or latest value"),
        "required": N_("Needed from applicants and members"),
        "in_application": N_("Asked in the application form"),
        "for_member": N_("On My Page"),
        "values": N_("Values"),
    },
    words=_words,
)
