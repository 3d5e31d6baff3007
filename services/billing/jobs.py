"""Long work of billing."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from services.billing import run_work
from shared.jobs import JobRun

LONG_WORK: Mapping[str, Callable[[JobRun], None]] = {
    "create-run": run_work.create_drafts,
    "confirm-run": run_work.confirm_drafts,
    "cancel-run": run_work.cancel_invoices_of_run,
}
