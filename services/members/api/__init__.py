"""HTTP in, for integrators."""

from __future__ import annotations

from services.members.api.addresses import api as addresses
from services.members.api.announcements import api as announcements
from services.members.api.applications import api as applications
from services.members.api.bulk import api as bulk
from services.members.api.cards import api as cards
from services.members.api.contacts import api as contacts
from services.members.api.custom_fields import api as custom_fields
from services.members.api.duplicates import api as duplicates
from services.members.api.erasure import api as erasure
from services.members.api.histories import api as histories
from services.members.api.integrations import api as integrations
from services.members.api.member_requests import api as member_requests
from services.members.api.members import api as members
from services.members.api.my_announcements import api as my_announcements
from services.members.api.my_corporation import api as my_corporation
from services.members.api.numbering import api as numbering
from services.members.api.permissions import api as permissions
from services.members.api.record_kinds import api as record_kinds
from services.members.api.records import api as records
from services.members.api.rosters import api as rosters
from services.members.api.searches import api as searches
from services.members.api.selections import api as selections
from services.members.api.societies import api as societies
from services.members.api.token import api as token

API = (
    members,
    histories,
    selections,
    bulk,
    searches,
    numbering,
    applications,
    member_requests,
    contacts,
    my_corporation,
    cards,
    announcements,
    my_announcements,
    records,
    record_kinds,
    rosters,
    integrations,
    token,
    custom_fields,
    addresses,
    erasure,
    permissions,
    societies,
    duplicates,
)
