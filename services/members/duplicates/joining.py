"""What becomes of two histories: that of the member who is kept goes on. Entries of the other that are older than all
of it go before it, where the whole then makes sense; the rest stays with the record that is gone, to be read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from services.members.histories.changing import history_of
from services.members.histories.tracks import TRACKS, Track
from services.members.models import DatedEntry, MemberRow
from services.members.standings.words import ENDED
from shared.uow import UnitOfWork


@dataclass(frozen=True)
class Joint:
    """`before`: entries of the other that go before the kept history. `needless`: what that then begins with, where it
    only repeats what held already. `scheduled`: changes of the other that will not come; `aside`: the rest of it."""

    track: Track
    before: Sequence[DatedEntry] = ()
    needless: Sequence[DatedEntry] = ()
    scheduled: Sequence[DatedEntry] = ()
    aside: Sequence[DatedEntry] = ()

    def told(self, entries: Sequence[DatedEntry]) -> str:
        """As the audit trail keeps entries."""
        return "; ".join(str(self.track.entry(entry)) for entry in entries)


def joints(uow: UnitOfWork, kept: MemberRow, gone: MemberRow) -> Sequence[Joint]:
    """Of both histories; nothing is changed yet."""
    if gone.kind == "guest":
        return ()
    return [_joint(track, *(history_of(uow, track, row.id)[::-1] for row in (kept, gone))) for track in TRACKS]


def join(uow: UnitOfWork, kept: MemberRow, joint: Joint) -> None:
    """What holds of the member today does not change by it, unless nothing was known before."""
    for entry in (*joint.needless, *joint.scheduled):
        uow.session.delete(entry)
    uow.session.flush()
    for entry in joint.before:
        entry.member_id = kept.id
    uow.session.flush()


def _joint(track: Track, kept: Sequence[DatedEntry], gone: Sequence[DatedEntry]) -> Joint:
    if not kept:
        return Joint(track, before=gone)
    begun = [entry for entry in gone if entry.in_force_at]
    scheduled = [entry for entry in gone if not entry.in_force_at]
    older = [entry for entry in begun if entry.starts_on < kept[0].starts_on]
    if not older:
        return Joint(track, scheduled=scheduled, aside=begun)
    last, first = track.entry(older[-1]).value, track.entry(kept[0]).value
    aside = [entry for entry in begun if entry not in older]
    if last == first and last not in ENDED:  # a last day is never moved
        return Joint(track, older, [kept[0]], scheduled, aside)
    if track.refuse_following(last, first):
        return Joint(track, scheduled=scheduled, aside=begun)
    return Joint(track, older, (), scheduled, aside)
