"""The audit trail 操作ログ: who did what, when, before and after. Written in the transaction of the change."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Mapped, mapped_column

from shared.db import Id, Json, KitBase, UtcDateTime
from shared.ids import new_id
from shared.society import SocietyOwned
from shared.uow import UnitOfWork


class AuditRow(SocietyOwned, KitBase):
    """One action. Never changed, never deleted by the service."""

    __tablename__ = "audit"

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    actor_kind: Mapped[str]
    actor_id: Mapped[str | None]
    actor_name: Mapped[str]
    action: Mapped[str]  # verb-noun, as the use-case: "confirm-run"
    subject: Mapped[str]  # "run/<id>"
    before: Mapped[dict[str, Any] | None] = mapped_column(Json)
    after: Mapped[dict[str, Any] | None] = mapped_column(Json)
    trace: Mapped[str | None]


def record(
    uow: UnitOfWork,
    action: str,
    subject: str,
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    """Add an entry. `before` and `after` hold JSON values only."""
    uow.add(
        AuditRow(
            at=uow.now,
            actor_kind=uow.actor.kind,
            actor_id=uow.actor.id,
            actor_name=uow.actor.name,
            action=action,
            subject=subject,
            before=dict(before) if before is not None else None,
            after=dict(after) if after is not None else None,
            trace=uow.traceparent,
        )
    )


def plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values of a row as the trail keeps them: dates become texts."""
    return {name: value.isoformat() if isinstance(value, (date, datetime)) else value for name, value in values.items()}
