"""HTTP in, for integrators."""

from __future__ import annotations

from services.notifications.api.letters import api as letters

API = (letters,)
