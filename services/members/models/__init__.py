"""The tables of members."""

from __future__ import annotations

from services.members.models.accounts import (
    AccountRow,
    AttemptsRow,
    LoginSessionRow,
    PasswordLinkRow,
    PasswordRequestRow,
    SetupLinkRow,
)
from services.members.models.announcements import AnnouncementRow, AttachmentPartRow, AttachmentRow, ReadRow
from services.members.models.applications import ApplicationRow, TermsRow
from services.members.models.base import Base
from services.members.models.cards import CardSettingsRow, CertificateRow, CodeRow
from services.members.models.corporations import ContactRow, CorporateSettingsRow
from services.members.models.custom_fields import CustomFieldRow
from services.members.models.duplicates import DuplicateRow
from services.members.models.email_changes import EmailChangeRow
from services.members.models.erasure import ErasureRow, HoldRow, PersonKeepingRow
from services.members.models.histories import CategoryEntryRow, DatedEntry, StandingRow
from services.members.models.integrations import IntegrationKeyRow, IntegrationRow
from services.members.models.member_requests import RequestRow
from services.members.models.people import CategoryRow, MemberRow, NumberRow, PersonFields
from services.members.models.records import RecordKeepingRow, RecordKindRow, RecordRow, StagedRecordRow
from services.members.models.rosters import RosterFaultRow, RosterPartRow, RosterRow, StagedRow
from services.members.models.saved_searches import SavedSearchRow
from services.members.models.second_factors import HalfLoginRow, LoginPolicyRow, SecondFactorRow, SpareCodeRow
from services.members.models.selections import SelectedRow, SelectionRow

__all__ = [
    "AccountRow",
    "AnnouncementRow",
    "ApplicationRow",
    "AttachmentPartRow",
    "AttachmentRow",
    "AttemptsRow",
    "Base",
    "CardSettingsRow",
    "CategoryEntryRow",
    "CategoryRow",
    "CertificateRow",
    "CodeRow",
    "ContactRow",
    "CorporateSettingsRow",
    "CustomFieldRow",
    "DatedEntry",
    "DuplicateRow",
    "EmailChangeRow",
    "ErasureRow",
    "HalfLoginRow",
    "HoldRow",
    "IntegrationKeyRow",
    "IntegrationRow",
    "LoginPolicyRow",
    "LoginSessionRow",
    "MemberRow",
    "NumberRow",
    "PasswordLinkRow",
    "PasswordRequestRow",
    "PersonFields",
    "PersonKeepingRow",
    "ReadRow",
    "RecordKeepingRow",
    "RecordKindRow",
    "RecordRow",
    "RequestRow",
    "RosterFaultRow",
    "RosterPartRow",
    "RosterRow",
    "SavedSearchRow",
    "SecondFactorRow",
    "SelectedRow",
    "SelectionRow",
    "SetupLinkRow",
    "SpareCodeRow",
    "StagedRecordRow",
    "StagedRow",
    "StandingRow",
    "TermsRow",
]
