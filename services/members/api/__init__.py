"""HTTP in, for integrators."""

from __future__ import annotations

from services.members.api.applications import api as applications
from services.members.api.member_requests import api as member_requests
from services.members.api.members import api as members
from services.members.api.numbering import api as numbering
from services.members.api.rosters import api as rosters
from services.members.api.searches import api as searches
from services.members.api.selections import api as selections
from services.members.api.standings import api as standings

API = (members, standings, selections, searches, numbering, applications, member_requests, rosters)
