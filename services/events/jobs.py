"""What time brings to events."""

from __future__ import annotations

from datetime import timedelta

from services.events.registrations import release_unpaid
from shared.service import Due

DUE = (Due("release-unpaid-seats", timedelta(minutes=10), release_unpaid),)
