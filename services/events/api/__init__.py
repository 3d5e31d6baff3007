"""HTTP in, for integrators."""

from __future__ import annotations

from services.events.api.events import api as events
from services.events.api.my import api as my

API = (events, my)
