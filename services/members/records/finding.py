"""Search of records 履歴情報検索: by kind, words, member, days, and by when they will be deleted."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa

from services.members.models import MemberRow, RecordKindRow, RecordRow
from services.members.records.keeping import keeping_of
from services.members.search import fold, matching_ids
from services.members.search_conditions import MemberSearch
from shared.uow import UnitOfWork

ORDERS = {
    "starts_on": RecordRow.starts_on,
    "kind": RecordKindRow.ordinal,
    "kana": MemberRow.kana,
    "title": RecordRow.title,
    "registered_on": RecordRow.registered_on,
}


def record_search(title: str, title_en: str, note: str) -> str:
    """The content of the search column."""
    return "\n".join(fold(part) for part in (title, title_en, note) if part)


def matching_records(
    uow: UnitOfWork,
    q: str = "",
    *,
    kind: str = "",
    member: str = "",
    since: date | None = None,
    until: date | None = None,
    goes_by: date | None = None,
) -> sa.Select[Any, Any, Any]:
    """(record, member, kind) of records that hold every word of `q`, of members whom the words of `member` mean, with a
    day from `since` to `until`; with `goes_by`: that are deleted by themselves until then."""
    statement: sa.Select[Any, Any, Any] = (
        sa.select(RecordRow, MemberRow, RecordKindRow)
        .join(MemberRow, MemberRow.id == RecordRow.member_id)
        .join(RecordKindRow, RecordKindRow.id == RecordRow.kind_id)
    )
    for word in q.split():
        statement = statement.where(RecordRow.search.contains(fold(word), autoescape=True))
    if member.strip():
        statement = statement.where(RecordRow.member_id.in_(matching_ids(MemberSearch(q=member))))
    if kind:
        statement = statement.where(RecordRow.kind_id == kind)
    if since:
        statement = statement.where(RecordRow.ends_on >= since)
    if until:
        statement = statement.where(RecordRow.starts_on <= until)
    if goes_by:
        statement = statement.where(RecordRow.registered_on < keeping_of(uow).gone_on(goes_by))
    return statement


def records_of(uow: UnitOfWork, member_id: str, limit: int | None = None) -> Sequence[sa.Row[Any, Any]]:
    """(record, kind) of one member, the latest first."""
    statement: sa.Select[Any, Any] = sa.select(RecordRow, RecordKindRow).join(
        RecordKindRow, RecordKindRow.id == RecordRow.kind_id
    )
    ordered = statement.where(RecordRow.member_id == member_id).order_by(RecordRow.starts_on.desc(), RecordRow.id)
    return uow.session.execute(ordered.limit(limit)).all()


def public_records(member_id: str) -> sa.Select[Any, Any]:
    """(record, kind) that the member sees on My Page."""
    statement: sa.Select[Any, Any] = sa.select(RecordRow, RecordKindRow).join(
        RecordKindRow, RecordKindRow.id == RecordRow.kind_id
    )
    return statement.where(RecordRow.member_id == member_id, RecordRow.public)
