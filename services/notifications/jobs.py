"""Time in: letters go out every second."""

from __future__ import annotations

from datetime import timedelta

from services.notifications.sending import send_due
from shared.service import Due

DUE = (Due("send-letters", timedelta(seconds=1), send_due, for_each_society=False),)
