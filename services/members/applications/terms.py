"""The society's terms 会員規約. Without any, nobody can apply online."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from services.members.models import TermsRow
from shared import audit
from shared.uow import UnitOfWork


def terms_in_force(uow: UnitOfWork) -> TermsRow | None:
    """The newest edition."""
    return uow.session.scalars(sa.select(TermsRow).order_by(TermsRow.edition.desc()).limit(1)).one_or_none()


def list_terms(uow: UnitOfWork) -> Sequence[TermsRow]:
    """All editions, newest first."""
    return uow.session.scalars(sa.select(TermsRow).order_by(TermsRow.edition.desc())).all()


def publish_terms(uow: UnitOfWork, *, text: str, text_en: str = "") -> TermsRow:
    """A new edition, in force at once; the same words again are no new edition."""
    newest = terms_in_force(uow)
    if newest and (newest.text, newest.text_en) == (text, text_en):
        return newest
    row = uow.add(
        TermsRow(
            edition=newest.edition + 1 if newest else 1,
            text=text,
            text_en=text_en,
            published_at=uow.now,
            published_by=uow.actor.name,
        )
    )
    audit.record(uow, "publish-terms", f"terms/{row.edition}", after={"edition": row.edition})
    return row
