"""What the entries of notifications' audit trail 操作ログ are called."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _

from services.notifications.pages.words import STATE_BADGES
from shared.audit.words import Subject, Trail
from shared.errors import N_


def _word(name: str, value: Any) -> Any:
    return _(STATE_BADGES[value].text) if name == "state" and value in STATE_BADGES else value


TRAIL = Trail(
    actions={"resend-letter": N_("Sent a letter again")},
    subjects={"letter": Subject(N_("Letter"), "/notifications/console/letters/{id}")},
    word=_word,
)
