"""The wiring of members."""

from __future__ import annotations

from services.members.api import API
from services.members.handlers import SUBSCRIPTIONS
from services.members.jobs import DUE, LONG_WORK
from services.members.models import Base
from services.members.pages import PAGES
from services.members.pages.trail import TRAIL
from services.members.settings import MembersSettings
from shared.service import Service

SERVICE = Service(
    name="members",
    package="services.members",
    metadata=Base.metadata,
    subscriptions=SUBSCRIPTIONS,
    long_work=LONG_WORK,
    due_work=DUE,
    pages=PAGES,
    api=API,
    trail=TRAIL,
    settings=MembersSettings,
)
