"""Time in: deadlines, and what providers should have told us by now."""

from __future__ import annotations

from datetime import timedelta

from services.payments.asking import ask_providers, retry_notices
from services.payments.attempts import expire_attempts
from shared.service import Due

DUE = (
    Due("expire-attempts", every=timedelta(seconds=30), do=expire_attempts),
    Due("ask-providers", every=timedelta(seconds=5), do=ask_providers, for_each_society=False),
    Due("retry-notices", every=timedelta(seconds=2), do=retry_notices, for_each_society=False),
)
