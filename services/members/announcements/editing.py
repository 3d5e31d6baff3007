"""The office writes announcements, puts them in order, takes them off."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import sqlalchemy as sa

from services.members.announcements.attachments import copy_attachments, remove_attachments
from services.members.categories import list_categories
from services.members.models import AnnouncementRow, ReadRow
from shared import audit
from shared.errors import N_, ChangedMeanwhile, Fault, InvalidInput, NotFound
from shared.ids import new_id
from shared.uow import UnitOfWork

COPIED = ("title", "title_en", "body", "body_en", "categories", "standings")
WAYS = ("top", "up", "down", "bottom")


def in_order() -> sa.Select[Any]:
    """All announcements as the office has put them."""
    return sa.select(AnnouncementRow).order_by(AnnouncementRow.ordinal, AnnouncementRow.id.desc())


def add_announcement(uow: UnitOfWork, given: Mapping[str, Any], *, id: str | None = None) -> AnnouncementRow:
    """A new one, in the first place. `id`: chosen by the form, so that sending it twice means once.

    Raises InvalidInput."""
    known = uow.session.get(AnnouncementRow, id) if id else None
    if known is not None:
        return known
    _check(uow, given)
    first = uow.session.scalar(sa.select(sa.func.min(AnnouncementRow.ordinal)))
    row = uow.add(AnnouncementRow(id=id or new_id(), ordinal=(first or 0) - 1, **_plain_text(given)))
    uow.session.flush()
    _record(uow, "add-announcement", row, after=audit.plain(given))
    return row


def change_announcement(
    uow: UnitOfWork, id: str, given: Mapping[str, Any], *, revision: int | None = None
) -> AnnouncementRow:
    """Any of its fields. Whoever has read it is not told again. With `revision`: refused if somebody else was quicker.

    Raises NotFound, InvalidInput, ChangedMeanwhile."""
    row = uow.get(AnnouncementRow, id, lock=True)
    if revision is not None and revision != row.revision:
        raise ChangedMeanwhile
    after = {name: value for name, value in _plain_text(given).items() if value != getattr(row, name)}
    _check(uow, {"shown_from": row.shown_from, "shown_until": row.shown_until, **after}, known=row.categories)
    if after:
        before = {name: getattr(row, name) for name in after}
        for name, value in after.items():
            setattr(row, name, value)
        row.revision += 1
        _record(uow, "change-announcement", row, before=audit.plain(before), after=audit.plain(after))
    return row


def copy_announcement(uow: UnitOfWork, id: str, *, copy_id: str | None = None) -> AnnouncementRow:
    """A draft with the same words, readers and files. `copy_id` as `id` of add_announcement. Raises NotFound."""
    known = uow.session.get(AnnouncementRow, copy_id) if copy_id else None
    if known is not None:
        return known
    row = uow.get(AnnouncementRow, id)
    copy = add_announcement(uow, {name: getattr(row, name) for name in COPIED if name != "categories"}, id=copy_id)
    copy.categories = row.categories  # also one that there is no more: a copy is not for more people than its original
    copy_attachments(uow, row.id, copy.id)
    return copy


def move_announcement(uow: UnitOfWork, id: str, way: str) -> None:
    """One place up or down, or to an end of the office's order. Raises NotFound."""
    locked = sa.select(AnnouncementRow).order_by(AnnouncementRow.id.desc()).with_for_update()
    rows = sorted(uow.session.scalars(locked), key=lambda row: row.ordinal)
    at = next((place for place, row in enumerate(rows) if row.id == id), None)
    if at is None:
        raise NotFound
    last = len(rows) - 1
    to = {"top": 0, "up": max(0, at - 1), "down": min(last, at + 1), "bottom": last}[way]
    if to == at:
        return
    rows.insert(to, rows.pop(at))
    for ordinal, row in enumerate(rows, start=1):
        row.ordinal = ordinal
    _record(uow, "move-announcement", rows[to], before={"place": at + 1}, after={"place": to + 1})


def withdraw_announcement(uow: UnitOfWork, id: str) -> None:
    """Take it off My Page at once, whatever its period says. Raises NotFound."""
    row = uow.get(AnnouncementRow, id, lock=True)
    if row.withdrawn_at is None:
        row.withdrawn_at = uow.now
        _record(uow, "withdraw-announcement", row)


def restore_announcement(uow: UnitOfWork, id: str) -> None:
    """Let its period count again. Raises NotFound."""
    row = uow.get(AnnouncementRow, id, lock=True)
    if row.withdrawn_at is not None:
        row.withdrawn_at = None
        _record(uow, "restore-announcement", row)


def remove_announcement(uow: UnitOfWork, id: str) -> None:
    """For good, with its files and with who has read it. Raises NotFound."""
    row = uow.get(AnnouncementRow, id, lock=True)
    remove_attachments(uow, row.id)
    forget = sa.delete(ReadRow).where(ReadRow.announcement_id == row.id)
    uow.session.execute(forget, execution_options={"synchronize_session": False})
    _record(uow, "remove-announcement", row, before={"title": row.title})
    uow.session.delete(row)


def _plain_text(given: Mapping[str, Any]) -> dict[str, Any]:
    """Lines end in one way, whatever browser they come from."""
    return {name: v.replace("\r\n", "\n") if isinstance(v, str) else v for name, v in given.items()}


def _check(uow: UnitOfWork, given: Mapping[str, Any], *, known: list[str] | None = None) -> None:
    """`known`: codes that the announcement has already; their category may be gone by now."""
    starts: date | None = given.get("shown_from")
    ends: date | None = given.get("shown_until")
    faults = []
    if ends and starts is None:
        faults.append(Fault(N_("Without a first day it is a draft: please enter one."), field="shown_from"))
    if ends and starts and ends < starts:
        faults.append(Fault(N_("The last day comes before the first."), field="shown_until"))
    codes = {row.code for row in list_categories(uow)} | set(known or ())
    if unknown := [code for code in given.get("categories", ()) if code not in codes]:
        faults.append(Fault(N_("There is no category “%(code)s”."), {"code": unknown[0]}, field="categories"))
    if faults:
        raise InvalidInput(faults=faults)


def _record(uow: UnitOfWork, action: str, row: AnnouncementRow, **changes: Mapping[str, Any]) -> None:
    audit.record(uow, action, f"announcement/{row.id}", **changes)
