"""The wiring of events: events, registrations, seats."""

from __future__ import annotations

from services.events.api import API
from services.events.handlers import SUBSCRIPTIONS
from services.events.jobs import DUE
from services.events.models import Base
from services.events.pages import PAGES
from services.events.pages.trail import TRAIL
from shared.service import Service

SERVICE = Service(
    name="events",
    package="services.events",
    metadata=Base.metadata,
    subscriptions=SUBSCRIPTIONS,
    due_work=DUE,
    pages=PAGES,
    api=API,
    trail=TRAIL,
)
