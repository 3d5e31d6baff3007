"""Files attached to announcements: kept in the database, given to those whom the announcement is for."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import IO, cast

import sqlalchemy as sa

from services.members.announcements.file_kinds import file_name, media_type_of
from services.members.errors.files import FileTooLarge
from services.members.models import AnnouncementRow, AttachmentPartRow, AttachmentRow
from shared import audit
from shared.db import Id
from shared.errors import N_, Fault, InvalidInput, NotFound
from shared.ids import new_id
from shared.tables.limits import MEBI
from shared.uow import UnitOfWork

LARGEST = 10 * MEBI
MOST = 10  # files of one announcement
PART = MEBI


def attach_file(uow: UnitOfWork, announcement_id: str, given_name: str, file: IO[bytes]) -> AttachmentRow:
    """The same file once more changes nothing. Raises NotFound, FileTooLarge, InvalidInput (not of a kind we take)."""
    uow.get(AnnouncementRow, announcement_id, lock=True)
    name, data = file_name(given_name), file.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise FileTooLarge(limit=LARGEST // MEBI)
    if not data:
        raise InvalidInput(faults=[Fault(N_("The file is empty."), field="file")])
    media_type, digest = media_type_of(name, data), hashlib.sha256(data).hexdigest()
    known = attachments_of(uow, [announcement_id])
    if same := next((row for row in known if (row.name, row.sha256) == (name, digest)), None):
        return same
    if len(known) >= MOST:
        text = N_("An announcement has at most %(most)s files.")
        raise InvalidInput(faults=[Fault(text, {"most": MOST}, field="file")])
    row = uow.add(
        AttachmentRow(
            id=new_id(),
            announcement_id=announcement_id,
            name=name,
            media_type=media_type,
            size=len(data),
            sha256=digest,
        )
    )
    uow.session.flush()
    for ordinal, start in enumerate(range(0, len(data), PART)):
        uow.add(AttachmentPartRow(attachment_id=row.id, ordinal=ordinal, data=data[start : start + PART]))
    audit.record(uow, "attach-file", f"announcement/{announcement_id}", after={"name": name, "size": row.size})
    return row


def attachments_of(uow: UnitOfWork, announcement_ids: Iterable[str]) -> Sequence[AttachmentRow]:
    """In the order in which they came."""
    mine = AttachmentRow.announcement_id.in_(announcement_ids)
    return uow.session.scalars(sa.select(AttachmentRow).where(mine).order_by(AttachmentRow.id)).all()


def part_of(uow: UnitOfWork, id: str, ordinal: int) -> bytes | None:
    """A piece of the file, counted from 0; None after the last."""
    wanted = (AttachmentPartRow.attachment_id == id, AttachmentPartRow.ordinal == ordinal)
    return uow.session.scalar(sa.select(AttachmentPartRow.data).where(*wanted))


def remove_attachment(uow: UnitOfWork, announcement_id: str, id: str) -> None:
    """Raises NotFound."""
    row = uow.get(AttachmentRow, id, lock=True)
    if row.announcement_id != announcement_id:
        raise NotFound
    _delete(uow, AttachmentRow.id == id)
    audit.record(uow, "remove-file", f"announcement/{announcement_id}", before={"name": row.name, "size": row.size})


def remove_attachments(uow: UnitOfWork, announcement_id: str) -> None:
    """All of an announcement that goes."""
    _delete(uow, AttachmentRow.announcement_id == announcement_id)


def copy_attachments(uow: UnitOfWork, announcement_id: str, copy_id: str) -> None:
    """Under new ids; the content does not leave the database."""
    target = cast(sa.Table, AttachmentPartRow.__table__)
    for row in attachments_of(uow, [announcement_id]):
        same = {name: getattr(row, name) for name in ("name", "media_type", "size", "sha256")}
        copy = uow.add(AttachmentRow(id=new_id(), announcement_id=copy_id, **same))
        uow.session.flush()
        parts = sa.select(
            sa.literal(uow.society_id, Id), sa.literal(copy.id, Id), AttachmentPartRow.ordinal, AttachmentPartRow.data
        ).where(AttachmentPartRow.attachment_id == row.id)
        names = ["society_id", "attachment_id", "ordinal", "data"]
        uow.session.execute(sa.insert(target).from_select(names, parts, include_defaults=False))


def _delete(uow: UnitOfWork, which: sa.ColumnElement[bool]) -> None:
    ids = sa.select(AttachmentRow.id).where(which)
    quietly = {"synchronize_session": False}
    gone = sa.delete(AttachmentPartRow).where(AttachmentPartRow.attachment_id.in_(ids))
    uow.session.execute(gone, execution_options=quietly)
    uow.session.execute(sa.delete(AttachmentRow).where(which), execution_options=quietly)
