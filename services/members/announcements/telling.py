"""Readers are told by mail, where the office wants that, when an announcement becomes visible: once."""

from __future__ import annotations

from datetime import time

import sqlalchemy as sa

from services.members.announcements.audience import shown_now, standings_of
from services.members.models import AnnouncementRow
from shared import audit
from shared.messages.members import AnnouncementPublished
from shared.uow import UnitOfWork

MORNING = time(9)  # in the society's zone: a period begins at midnight, when no telephone should ring


def tell_announcements(uow: UnitOfWork) -> None:
    """Due work: all that are shown by now, want a mail and had none; on their first day from the morning on."""
    due = sa.select(AnnouncementRow).where(
        *shown_now(uow), AnnouncementRow.by_mail.is_(True), AnnouncementRow.told_at.is_(None)
    )
    if uow.now.astimezone(uow.zone).time() < MORNING:
        due = due.where(AnnouncementRow.shown_from < uow.today)
    for row in uow.session.scalars(due.order_by(AnnouncementRow.id).with_for_update(skip_locked=True)).all():
        row.told_at = uow.now
        audit.record(uow, "tell-announcement", f"announcement/{row.id}")
        message = AnnouncementPublished(
            announcement_id=row.id,
            title=row.title,
            title_en=row.title_en,
            categories=tuple(row.categories),
            standings=standings_of(row),
            published_at=uow.now,
        )
        uow.say(message, bulk=True)
