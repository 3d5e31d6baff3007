"""States as people see them: a word, a tone and an icon. Tones: neutral, info, good, warn, bad."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from shared.errors import N_


@dataclass(frozen=True)
class Badge:
    """`text` is marked with `N_`; `icon` is a name of lucide."""

    text: str
    tone: str = "neutral"
    icon: str | None = None


COMMON: Mapping[str, Badge] = {
    "draft": Badge(N_("Draft"), "neutral", "pencil-line"),
    "open": Badge(N_("Unpaid"), "info", "clock"),
    "part_paid": Badge(N_("Partly paid"), "warn", "circle-dot"),
    "paid": Badge(N_("Paid"), "good", "check"),
    "overdue": Badge(N_("Overdue"), "bad", "triangle-alert"),
    "nothing_due": Badge(N_("No payment needed"), "neutral", "minus"),
    "cancelled": Badge(N_("Cancelled"), "neutral", "ban"),
    "active": Badge(N_("Active"), "good", "check"),
    "applied": Badge(N_("Applied"), "info", "file-clock"),
    "withdrawn": Badge(N_("Withdrawn"), "neutral", "log-out"),
    "suspended": Badge(N_("Suspended"), "warn", "pause"),
    "queued": Badge(N_("Waiting to start"), "neutral", "clock"),
    "running": Badge(N_("In progress"), "info", "loader"),
    "done": Badge(N_("Done"), "good", "check"),
    "failed": Badge(N_("Failed"), "bad", "circle-alert"),
    "waiting": Badge(N_("Waiting"), "neutral", "clock"),
    "sent": Badge(N_("Sent"), "good", "send"),
    "bounced": Badge(N_("Bounced"), "bad", "mail-x"),
    "unidentified": Badge(N_("Unidentified"), "warn", "circle-question-mark"),
    "refunded": Badge(N_("Refunded"), "neutral", "undo-2"),
    "expired": Badge(N_("Expired"), "neutral", "timer-off"),
    "published": Badge(N_("Published"), "good", "globe"),
    "confirmed": Badge(N_("Confirmed"), "good", "check"),
    "parked": Badge(N_("Needs attention"), "bad", "circle-alert"),
}


def badge_of(state: str, table: Mapping[str, Badge] | None = None) -> Badge:
    """From a service's own table, then from the common one; an unknown state shows its own name."""
    return (table or {}).get(state) or COMMON.get(state) or Badge(state)
