"""Two records of one person become one 名寄せ (M18+), in one transaction, after a look at what will be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from services.members.corporations.acting import logins_of
from services.members.corporations.following import follow_contacts
from services.members.duplicates.account import merge_accounts
from services.members.duplicates.choosing import chosen_values
from services.members.duplicates.joining import Joint, join, joints
from services.members.duplicates.moving import move_all
from services.members.errors.duplicates import KeepTheOtherOne, NotMergeable
from services.members.histories.settling import histories
from services.members.histories.tracks import TRACKS
from services.members.members import check_member, label, person_now, protect_staff, tell, touch
from services.members.models import MemberRow
from services.members.models.people import MERGED, PERSON_COLUMNS
from services.members.numbers.register import keep_number
from services.members.search_conditions import KINDS
from services.members.sessions import end_all_sessions
from services.members.standings.words import ENDED
from shared import audit
from shared.errors import N_, ChangedMeanwhile, Fault, InvalidInput
from shared.messages.members import PersonChanged, PersonMerged
from shared.uow import UnitOfWork


def merge_members(
    uow: UnitOfWork, kept_id: str, gone_id: str, chosen: Mapping[str, str], *, revisions: tuple[int, int]
) -> MemberRow:
    """`chosen`: by field, whose value stays (kept | gone, of the note also both); what is not named stays as proposed.
    `revisions` of the two as they were looked at. Done twice is done once.

    Raises NotFound, MemberMerged, ChangedMeanwhile, NotMergeable, Forbidden, InvalidInput."""
    if kept_id == gone_id:
        raise InvalidInput(faults=[Fault(N_("Please choose two different members."))])
    both = _lock(uow, sorted((kept_id, gone_id)))
    if gone_id not in both and person_now(uow, gone_id) == kept_id:
        return uow.get(MemberRow, kept_id)
    kept, gone = (both.get(id) or uow.get(MemberRow, id) for id in (kept_id, gone_id))
    if (kept.revision, gone.revision) != revisions:
        raise ChangedMeanwhile
    refuse_unlike(uow, kept, gone)
    values = chosen_values(kept, gone, chosen)
    was, whose = _known_of(gone), {"merged": label(gone)}
    for track in TRACKS:  # what an older release left out is written first
        histories(uow, track, [row for row in (kept, gone) if row.kind != "guest"])
    uow.session.flush()
    told = _join_histories(uow, kept, joints(uow, kept, gone))
    end_all_sessions(uow, logins_of(uow, [gone.id]))  # of contacts, too, who act for it
    told |= move_all(uow, kept.id, gone.id)
    merge_accounts(uow, kept, gone)
    _leave_behind(uow, kept, gone)
    _take(uow, kept, values, was.get("number"), told, whose)
    after = {"merged_into": label(kept)}
    audit.record(uow, "merge-away", f"member/{gone.id}", before={**was, "merged_into": ""}, after=after)
    uow.say(PersonChanged(person=gone.public(None)))
    tell(uow, kept)
    uow.say(PersonMerged(from_id=gone.id, into_id=kept.id, revision=gone.revision, merged_at=uow.now))
    return kept


def refuse_unlike(uow: UnitOfWork, kept: MemberRow, gone: MemberRow) -> None:
    """Of staff only administrators merge anything: whoever is kept has the roles of both.

    Raises NotMergeable, KeepTheOtherOne, Forbidden."""
    if kept.kind not in (*KINDS, "guest") or gone.kind not in (kept.kind, "guest"):
        raise NotMergeable
    if kept.standing in ENDED and gone.kind in KINDS and gone.standing not in ENDED:
        raise KeepTheOtherOne
    for row in (kept, gone):
        protect_staff(uow, row)


def merged_with(uow: UnitOfWork, member_id: str) -> Sequence[MemberRow]:
    """The records that were merged into this one, as they were left."""
    statement = sa.select(MemberRow).where(MemberRow.merged_into == member_id)
    return uow.session.scalars(statement.order_by(MemberRow.changed_at, MemberRow.id)).all()


def _lock(uow: UnitOfWork, ids: Sequence[str]) -> dict[str, MemberRow]:
    """In the order of their ids; whoever was merged before is missing."""
    statement = sa.select(MemberRow).where(MemberRow.id.in_(ids)).order_by(MemberRow.id).with_for_update()
    rows = uow.session.scalars(statement.execution_options(populate_existing=True))
    return {row.id: row for row in rows if not row.merged_into}


def _join_histories(uow: UnitOfWork, kept: MemberRow, both: Sequence[Joint]) -> dict[str, str]:
    """What goes away by it, for the audit trail."""
    told = {joint.track.recorded_as: joint.told([*joint.needless, *joint.scheduled]) for joint in both}
    for joint in both:
        join(uow, kept, joint)
    return {name: text for name, text in told.items() if text}


def _known_of(row: MemberRow) -> dict[str, Any]:
    """All that there is, as the audit trail keeps it."""
    known = {name: getattr(row, name) for name in PERSON_COLUMNS if name != "search"}
    return audit.plain({name: value for name, value in known.items() if value})


def _leave_behind(uow: UnitOfWork, kept: MemberRow, gone: MemberRow) -> None:
    """The record stays, found by nobody, with its name and what was aside of its histories; it points to the other."""
    gone.kind, gone.merged_into = MERGED, kept.id
    gone.email = gone.number = gone.category = gone.letters_to = None
    gone.standing = "left"
    gone.revision += 1
    gone.changed_at = uow.now
    gone.search = gone.contact_words = ""
    uow.session.flush()  # address and number are free before the other takes them


def _take(
    uow: UnitOfWork,
    kept: MemberRow,
    values: Mapping[str, Any],
    number: str | None,
    told: Mapping[str, str],
    whose: Mapping[str, str],
) -> None:
    changed = {name: value for name, value in values.items() if value != getattr(kept, name)}
    was = audit.plain({name: getattr(kept, name) for name in changed})
    with uow.session.no_autoflush:
        for name, value in changed.items():
            setattr(kept, name, value)
        check_member(uow, kept)
    follow_contacts(uow, kept)
    touch(uow, kept)
    if "email" in changed:
        kept.address_dead_at = None
    for each in (was.get("number"), number, kept.number):
        keep_number(uow, kept.id, each)
        uow.session.flush()
    audit.record(
        uow,
        "merge-members",
        f"member/{kept.id}",
        before={"merged": "", **was, **told},
        after={**whose, **audit.plain(changed), **dict.fromkeys(told, "")},
    )
