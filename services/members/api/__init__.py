"""HTTP in, for integrators."""

from __future__ import annotations

from services.members.api.announcements import api as announcements
from services.members.api.applications import api as applications
from services.members.api.bulk import api as bulk
from services.members.api.cards import api as cards
from services.members.api.duplicates import api as duplicates
from services.members.api.histories import api as histories
from services.members.api.member_requests import api as member_requests
from services.members.api.members import api as members
from services.members.api.my_announcements import api as my_announcements
from services.members.api.numbering import api as numbering
from services.members.api.record_kinds import api as record_kinds
from services.members.api.records import api as records
from services.members.api.rosters import api as rosters
from services.members.api.searches import api as searches
from services.members.api.selections import api as selections

API = (
    members,
    histories,
    selections,
    bulk,
    searches,
    numbering,
    applications,
    member_requests,
    cards,
    announcements,
    my_announcements,
    records,
    record_kinds,
    rosters,
    duplicates,
)
