"""The wiring of notifications: mail."""

from __future__ import annotations

from services.notifications.api import API
from services.notifications.handlers import SUBSCRIPTIONS
from services.notifications.jobs import DUE
from services.notifications.models import Base
from services.notifications.pages import PAGES
from services.notifications.pages.trail import TRAIL
from services.notifications.settings import NotificationsSettings
from shared.service import Service

SERVICE = Service(
    name="notifications",
    package="services.notifications",
    metadata=Base.metadata,
    subscriptions=SUBSCRIPTIONS,
    due_work=DUE,
    pages=PAGES,
    api=API,
    trail=TRAIL,
    settings=NotificationsSettings,
)
