"""The societies of an installation as its operators see them: names, counts and states, nothing of people."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from services.members.models import MemberRow
from services.members.setup import has_administrator, link_valid_until
from services.members.standings.words import MEMBERSHIP
from shared.audit import AuditRow
from shared.service import RunningService
from shared.society import SocietyRow
from shared.uow import UnitOfWork

DEEDS = ("create-society", "issue-setup-link", "found-society", "suspend-society", "resume-society")


@dataclass(frozen=True)
class Overview:
    """`state`: active | suspended | waiting (for its first administrator)."""

    society: SocietyRow
    state: str
    members: int
    created_at: datetime | None
    link_until: datetime | None

    @property
    def id(self) -> str:
        return self.society.id


def overviews(running: RunningService, session: Session, societies: Iterable[SocietyRow]) -> list[Overview]:
    """Each in a unit of work of its own society, within one transaction."""
    found = []
    for row in societies:
        with running.in_society(session, row.id, flush=False) as uow:
            found.append(_overview(uow, row))
    return found


def overview(running: RunningService, society_id: str) -> tuple[Overview, Sequence[AuditRow]]:
    """One society, and what operators have done with it, the latest first. Raises NotFound."""
    with running.unit(society_id, reading=True) as uow:
        deeds = sa.select(AuditRow).where(AuditRow.action.in_(DEEDS)).order_by(AuditRow.id.desc())
        return _overview(uow, uow.society), uow.session.scalars(deeds).all()


def _overview(uow: UnitOfWork, row: SocietyRow) -> Overview:
    counted = sa.select(sa.func.count()).where(MemberRow.standing.in_(MEMBERSHIP), MemberRow.kind != "guest")
    first = sa.select(AuditRow.at).order_by(AuditRow.id).limit(1)
    ready = has_administrator(uow)
    return Overview(
        society=row,
        state="suspended" if row.suspended else "active" if ready else "waiting",
        members=uow.session.scalar(counted) or 0,
        created_at=uow.session.scalar(first),
        link_until=None if ready else link_valid_until(uow),
    )
