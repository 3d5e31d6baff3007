"""HTTP in, for integrators."""

from __future__ import annotations

from services.members.api.applications import api as applications
from services.members.api.members import api as members
from services.members.api.rosters import api as rosters

API = (members, applications, rosters)
