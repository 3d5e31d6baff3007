"""States of payments as staff see them."""

from __future__ import annotations

from shared.errors import N_
from shared.web.badges import Badge

DEPOSITS = {
    "unidentified": Badge(N_("Unidentified"), "warn", "circle-question-mark"),
    "matched": Badge(N_("Matched"), "good", "check"),
    "assigned": Badge(N_("Assigned"), "good", "user-check"),
    "reversed": Badge(N_("Taken back"), "neutral", "undo-2"),
}
FILES = {
    "previewed": Badge(N_("Not imported yet"), "info", "eye"),
    "imported": Badge(N_("Imported"), "good", "check"),
}
