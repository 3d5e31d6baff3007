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
from services.members.models.applications import ApplicationRow, TermsRow
from services.members.models.base import Base
from services.members.models.email_changes import EmailChangeRow
from services.members.models.member_requests import RequestRow
from services.members.models.people import CategoryRow, MemberRow, NumberRow, PersonFields
from services.members.models.rosters import RosterFaultRow, RosterPartRow, RosterRow, StagedRow
from services.members.models.saved_searches import SavedSearchRow
from services.members.models.selections import SelectedRow, SelectionRow
from services.members.models.standings import StandingRow

__all__ = [
    "AccountRow",
    "ApplicationRow",
    "AttemptsRow",
    "Base",
    "CategoryRow",
    "EmailChangeRow",
    "LoginSessionRow",
    "MemberRow",
    "NumberRow",
    "PasswordLinkRow",
    "PasswordRequestRow",
    "PersonFields",
    "RequestRow",
    "RosterFaultRow",
    "RosterPartRow",
    "RosterRow",
    "SavedSearchRow",
    "SelectedRow",
    "SelectionRow",
    "SetupLinkRow",
    "StagedRow",
    "StandingRow",
    "TermsRow",
]
