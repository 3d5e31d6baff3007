"""The wiring of billing: read this first."""

from __future__ import annotations

from services.billing.api import API
from services.billing.handlers import SUBSCRIPTIONS
from services.billing.jobs import DUE, LONG_WORK
from services.billing.models import Base
from services.billing.pages import PAGES
from services.billing.pages.trail import TRAIL
from shared.service import Service

SERVICE = Service(
    name="billing",
    package="services.billing",
    metadata=Base.metadata,
    subscriptions=SUBSCRIPTIONS,
    long_work=LONG_WORK,
    due_work=DUE,
    pages=PAGES,
    api=API,
    trail=TRAIL,
)
