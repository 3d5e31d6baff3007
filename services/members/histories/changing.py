"""One member's history, as the office changes it: entries come and go, and what they make of it is checked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from itertools import pairwise

import sqlalchemy as sa

from services.members.histories.entries import Entry
from services.members.histories.settling import entry_row, entry_values, histories, settle
from services.members.histories.tracks import History, Track
from services.members.models import DatedEntry, MemberRow
from shared.errors import NotFound
from shared.people import ERASED
from shared.uow import UnitOfWork


def history_of(uow: UnitOfWork, track: Track, member_id: str) -> Sequence[DatedEntry]:
    """Newest first: what is scheduled 変更予定, what is in force, what was."""
    statement = sa.select(track.rows).where(track.rows.member_id == member_id)
    return uow.session.scalars(statement.order_by(track.rows.starts_on.desc())).all()


def lock_history(uow: UnitOfWork, track: Track, member_id: str) -> tuple[MemberRow, History]:
    """The member, and the history, which nobody else changes from now on. Raises NotFound."""
    row = uow.get(MemberRow, member_id, lock=True)
    if row.kind in ("guest", ERASED):
        raise NotFound
    return row, histories(uow, track, [row])[row.id]


def entry_of(history: History, id: str) -> DatedEntry:
    """Raises NotFound."""
    for entry in history:
        if entry.id == id:
            return entry
    raise NotFound


def remove_entry(uow: UnitOfWork, track: Track, member_id: str, id: str) -> MemberRow:
    """Above all what is scheduled. Raises NotFound, and what the track says of the rest."""
    row, history = lock_history(uow, track, member_id)
    return replace_entries(uow, track, row, history, [entry_of(history, id)], [])


def replace_entries(
    uow: UnitOfWork, track: Track, row: MemberRow, history: History, away: Sequence[DatedEntry], added: Sequence[Entry]
) -> MemberRow:
    """Of a locked history: some entries go, others come. Raises what the track says."""
    if [track.entry(entry) for entry in away] == list(added):
        return row
    kept = [entry for entry in history if entry not in away]
    entries = sorted([*(track.entry(entry) for entry in kept), *added])
    after_gaps = [later for entry in away for later in _beside(entries, entry.starts_on)]
    _check(track, entries, [*added, *after_gaps])
    if history and history[0].starts_on <= uow.today and (not entries or entries[0].starts_on > uow.today):
        raise track.none_today
    was, now = ("; ".join(str(entry) for entry in some) for some in ([track.entry(entry) for entry in away], added))
    fresh = _put_in(uow, track, row.id, away, added)
    now_known = {row.id: sorted([*kept, *fresh], key=lambda entry: entry.starts_on)}
    settle(uow, track, [row], now_known, action=track.action, changes={row.id: (was, now)})
    return row


def _put_in(
    uow: UnitOfWork, track: Track, member_id: str, away: Sequence[DatedEntry], added: Sequence[Entry]
) -> Sequence[DatedEntry]:
    if len(away) == len(added) == 1:  # an entry that is put right stays the same entry: who saves twice finds it again
        for name, value in entry_values(uow, track, member_id, added[0]).items():
            if name != "id":
                setattr(away[0], name, value)
        return away
    for entry in away:
        uow.session.delete(entry)
    uow.session.flush()  # what goes away may stand on the day of what comes
    return [uow.add(entry_row(uow, track, member_id, entry)) for entry in added]


def _check(track: Track, entries: Sequence[Entry], changed: Sequence[Entry]) -> None:
    """In order of days: only what stands beside something that was changed is looked at."""
    for before, after in pairwise(entries):
        if not {before, after} & set(changed):
            continue
        if before.starts_on == after.starts_on:
            raise track.on_that_day(after if before in changed else before)
        if refused := track.refuse_following(before.value, after.value):
            raise refused


def _beside(entries: Sequence[Entry], day: date) -> list[Entry]:
    """Where an entry was taken away, the one after the gap must follow the one before it."""
    later = [entry for entry in entries if entry.starts_on > day]
    return later[:1]
