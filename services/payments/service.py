"""The wiring of payments. Start reading here."""

from __future__ import annotations

from services.payments.api import BLUEPRINTS as API
from services.payments.handlers import SUBSCRIPTIONS
from services.payments.jobs import DUE
from services.payments.models import Base
from services.payments.pages import BLUEPRINTS as PAGES
from services.payments.pages.trail import TRAIL
from services.payments.settings import PaymentSettings
from shared.service import Service

SERVICE = Service(
    name="payments",
    package="services.payments",
    metadata=Base.metadata,
    subscriptions=SUBSCRIPTIONS,
    due_work=DUE,
    pages=PAGES,
    api=API,
    trail=TRAIL,
    settings=PaymentSettings,
)
