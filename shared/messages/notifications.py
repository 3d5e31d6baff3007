"""What notifications says."""

from __future__ import annotations

from datetime import datetime

from shared.messages.base import Message


class LetterBounced(Message, tag="notifications.LetterBounced.v1"):
    """A letter could not be delivered for good; members marks the address as dead."""

    letter_id: str
    person_id: str
    code: str
    bounced_at: datetime
