"""Members read announcements on My Page: in the office's order, new ones marked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import defer

from services.members.announcements.audience import is_for, shown_now
from services.members.announcements.editing import in_order
from services.members.models import AnnouncementRow, AttachmentRow, MemberRow, ReadRow
from shared.errors import NotFound
from shared.uow import UnitOfWork


def announcements_for(uow: UnitOfWork, reader: MemberRow) -> Sequence[AnnouncementRow]:
    """What this member may read today. Of the texts only the titles are loaded."""
    titles = in_order().options(defer(AnnouncementRow.body), defer(AnnouncementRow.body_en))
    rows = uow.session.scalars(titles.where(*shown_now(uow)))
    return [row for row in rows if is_for(row, reader)]


def announcement_for(uow: UnitOfWork, reader: MemberRow, id: str) -> AnnouncementRow:
    """Raises NotFound, also where it is not theirs to read."""
    row = uow.get(AnnouncementRow, id)
    if row.state_on(uow.today) != "published" or not is_for(row, reader):
        raise NotFound
    return row


def attachment_for(uow: UnitOfWork, person_id: str | None, id: str) -> AttachmentRow:
    """Raises NotFound for whoever may not read the announcement."""
    row = uow.get(AttachmentRow, id)
    if person_id is None:
        raise NotFound
    announcement_for(uow, uow.get(MemberRow, person_id), row.announcement_id)
    return row


def read_by(uow: UnitOfWork, reader: MemberRow, ids: Iterable[str]) -> set[str]:
    """Which of these the member has opened."""
    opened = sa.select(ReadRow.announcement_id).where(ReadRow.person_id == reader.id)
    return set(uow.session.scalars(opened.where(ReadRow.announcement_id.in_(ids))))


def mark_read(uow: UnitOfWork, reader: MemberRow, id: str) -> None:
    """Once; two windows that open it at the same moment do not meet. Raises NotFound."""
    row = announcement_for(uow, reader, id)
    there = sa.select(AnnouncementRow.id).where(AnnouncementRow.id == row.id)
    if uow.session.scalar(there.with_for_update(read=True, key_share=True)) is None:
        raise NotFound  # whoever deletes it was quicker
    connection = uow.session.connection()
    insert = (postgresql if connection.dialect.name == "postgresql" else sqlite).insert(ReadRow)
    values = {"society_id": uow.society_id, "announcement_id": row.id, "person_id": reader.id, "read_at": uow.now}
    connection.execute(insert.values(values).on_conflict_do_nothing())


def count_reads(uow: UnitOfWork, id: str) -> int:
    """How many members have opened it."""
    return uow.session.scalar(sa.select(sa.func.count()).where(ReadRow.announcement_id == id)) or 0
