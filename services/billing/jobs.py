"""Time in, and long work."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta

from services.billing import run_work
from services.billing.erasure import forget_addressees
from shared.jobs import JobRun
from shared.service import Due

DUE = (Due("forget-addressees", timedelta(hours=1), forget_addressees),)

LONG_WORK: Mapping[str, Callable[[JobRun], None]] = {
    "create-run": run_work.create_drafts,
    "confirm-run": run_work.confirm_drafts,
    "cancel-run": run_work.cancel_invoices_of_run,
}
