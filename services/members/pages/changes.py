"""The history of changes 変更履歴 of a person, as it stands on their page."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from services.members.pages.words import FIELDS, category_choices, recorded_word
from shared.audit import AuditRow
from shared.identity import Role
from shared.uow import UnitOfWork
from shared.web.access import principal

LATEST = 30


def changes_of(uow: UnitOfWork, person_id: str, *merged: str) -> dict[str, Any]:
    """What `members/changes.html` needs; also of records that were merged into theirs."""
    subjects = [f"member/{id}" for id in (person_id, *merged)]
    history = sa.select(AuditRow).where(AuditRow.subject.in_(subjects)).order_by(AuditRow.id.desc())
    return {
        "changes": uow.session.scalars(history.limit(LATEST)).all(),
        "changed_id": person_id,
        "category_names": dict(category_choices(uow)),
        "field_names": FIELDS,
        "recorded_word": recorded_word,
        "sees_trail": principal().may(Role.ADMINISTRATOR),
    }
