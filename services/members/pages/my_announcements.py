"""Announcements お知らせ on My Page: a list with the new ones marked, and one to read."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import sqlalchemy as sa
from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from services.members.announcements.attachments import attachments_of
from services.members.announcements.reading import announcement_for, announcements_for, mark_read, read_by
from services.members.models import AnnouncementRow, MemberRow
from services.members.roles import ANNOUNCEMENTS_READ
from shared.uow import UnitOfWork
from shared.web.access import allow, principal, reading, unit
from shared.web.listing import list_rows

pages = Blueprint("my_announcements", __name__, url_prefix="/members/my/announcements")
AT_HOME = 3


@pages.get("")
@allow(*ANNOUNCEMENTS_READ)
def show_announcements() -> ResponseReturnValue:
    with reading() as uow:
        me = uow.get(MemberRow, str(principal().person_id))
        mine = [row.id for row in announcements_for(uow, me)]
        statement = sa.select(AnnouncementRow).where(AnnouncementRow.id.in_(mine))
        listed = list_rows(uow.session, statement, ORDER, sort="place", unique=AnnouncementRow.id.desc(), size=20)
        opened = read_by(uow, me, mine)
        with_files = {file.announcement_id for file in attachments_of(uow, mine)}
        return render_template("members/my_announcements.html", listed=listed, opened=opened, with_files=with_files)


@pages.get("/<uuid:id>")
@allow(*ANNOUNCEMENTS_READ)
def show_announcement(id: UUID) -> ResponseReturnValue:
    with reading() as uow:
        me = uow.get(MemberRow, str(principal().person_id))
        row = announcement_for(uow, me, str(id))
        files = attachments_of(uow, [row.id])
        is_new = not read_by(uow, me, [row.id])
    if is_new:
        with unit() as uow:
            mark_read(uow, me, row.id)
    return render_template("members/my_announcement.html", announcement=row, files=files)


def announcements_at_home(uow: UnitOfWork, me: MemberRow) -> dict[str, Any]:
    """The first few in the office's order, and how many are new."""
    rows = announcements_for(uow, me)
    opened = read_by(uow, me, [row.id for row in rows])
    return {"announcements": rows[:AT_HOME], "opened": opened, "unread": len(rows) - len(opened)}


ORDER = {"place": AnnouncementRow.ordinal}
