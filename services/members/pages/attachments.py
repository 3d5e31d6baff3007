"""Files of announcements, for those who may read the announcement. To everybody else they do not exist (M15+, S16)."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote
from uuid import UUID

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue

from services.members.announcements.attachments import part_of
from services.members.announcements.reading import attachment_for
from services.members.models import AttachmentRow
from services.members.roles import MEMBERS_SEE
from shared.errors import NotFound
from shared.service import RunningService
from shared.web.access import HINT_COOKIE, allow_public, principal_or_none, reading, running_service, to_login
from shared.web.asking import is_navigation

pages = Blueprint("attachments", __name__, url_prefix="/members/attachments")


@pages.get("/<uuid:id>")
@allow_public  # who may have the file is decided here: all others get the same 404 as for a file that never was
def send(id: UUID) -> ResponseReturnValue:
    who = principal_or_none()
    if who is None and HINT_COOKIE in request.cookies and is_navigation():
        return to_login()  # a session is open here, only its token has run out
    if who is None or (who.scopes is not None and "members:read" not in who.scopes):
        raise NotFound
    with reading() as uow:
        sees_all = who.may(*MEMBERS_SEE)
        row = uow.get(AttachmentRow, str(id)) if sees_all else attachment_for(uow, who.person_id, str(id))
    answer = Response(_content(running_service(), row), content_type=row.media_type)
    answer.content_length = row.size
    plain, full = f"file.{row.name.rpartition('.')[2]}", quote(row.name, safe="")
    answer.headers["Content-Disposition"] = f"attachment; filename=\"{plain}\"; filename*=UTF-8''{full}"  # RFC 6266
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"  # should a browser show it all the same
    return answer


def _content(running: RunningService, row: AttachmentRow) -> Iterator[bytes]:
    """Each piece by itself: a slow reader holds no connection to the database."""
    ordinal = 0
    while True:
        with running.unit(row.society_id, reading=True) as uow:
            data = part_of(uow, row.id, ordinal)
        if data is None:
            return
        yield data
        ordinal += 1
