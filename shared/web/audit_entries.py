"""Entries of the audit trail as people read them: words for codes, names for ids, what was and what is."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote
from uuid import UUID

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from shared.audit.rows import AuditRow, ChainRow
from shared.audit.search import Found
from shared.audit.words import Subject, Trail

NOTHING: tuple[Any, ...] = (None, "", [], {})


@dataclass(frozen=True)
class Change:
    """One field. Both sides are texts; "" where nothing was, or is."""

    field: str
    was: str
    now: str


@dataclass(frozen=True)
class Shown:
    """One entry. `page`: where its subject is looked at; "" where there is no such page."""

    entry: AuditRow
    place: ChainRow | None
    actor: str
    action: str
    subject: str
    name: str
    page: str
    changes: list[Change]


def shown(session: Session, rows: Sequence[Found], trail: Trail) -> list[Shown]:
    """With the names that their subjects have now; those that are gone have none."""
    names = _names(session, [entry.subject for entry, _place in rows], trail)
    trail = trail.prepared(session)
    return [_shown(entry, place, names.get(entry.subject, ""), trail) for entry, place in rows]


def in_words(change: Change) -> str:
    """On one line, for files."""
    return f"{change.field}: {change.was or '–'} → {change.now or '–'}"


def _shown(entry: AuditRow, place: ChainRow | None, name: str, trail: Trail) -> Shown:
    kind, _slash, id = entry.subject.partition("/")
    subject = trail.subjects.get(kind, Subject(entry.subject))
    return Shown(
        entry=entry,
        place=place,
        actor=entry.actor_name if entry.actor_kind in ("person", "integration") else _("The system"),
        action=_(trail.actions.get(entry.action, entry.action)),
        subject=_(subject.label),
        name=name or ("" if _as_uuid(id) else id),
        page=subject.page.format(id=quote(id, safe="")) if id else "",
        changes=_changes(entry, trail),
    )


def _changes(entry: AuditRow, trail: Trail) -> list[Change]:
    """Only what differs."""
    before, after = entry.before or {}, entry.after or {}
    kind = entry.subject.partition("/")[0]
    found = []
    for name in dict.fromkeys([*before, *after]):
        was, now = (_text(trail, name, side.get(name)) for side in (before, after))
        if was != now:
            label = trail.fields.get(f"{kind}.{name}") or trail.fields.get(name, name)
            found.append(Change(_(label), was, now))
    return found


def _text(trail: Trail, name: str, value: Any) -> str:
    if value in NOTHING:
        return ""
    if isinstance(value, list):
        return str(_(", ")).join(_text(trail, name, each) for each in value)
    with suppress(AttributeError, KeyError, TypeError, ValueError):  # an older release wrote something else there
        value = trail.word(name, value)
    if isinstance(value, bool):
        return str(_("Yes") if value else _("No"))
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False)
    return str(value)


def _names(session: Session, subjects: Sequence[str], trail: Trail) -> dict[str, str]:
    """By subject; a query for each kind of them that has names."""
    ids: dict[str, set[str]] = defaultdict(set)
    for each in subjects:
        kind, _slash, id = each.partition("/")
        ids[kind].add(id)
    found = {}
    for kind, wanted in ids.items():
        named = trail.subjects[kind].named if kind in trail.subjects else None
        if named:
            column, name = named
            if isinstance(column.type, sa.Uuid):
                wanted = {id for id in wanted if _as_uuid(id)}
            for id, text in session.execute(sa.select(column, name).where(column.in_(wanted))):
                found[f"{kind}/{id}"] = text or ""
    return found


def _as_uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
