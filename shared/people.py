"""A service's local copy of people (members, contacts, guests), kept by `PersonChanged`: the newest revision wins.

Whoever turned out to be somebody else stays as an alias (`PersonMerged`, docs/decisions/0019): what belongs to them
keeps their id, and their row says what is known of the one who was kept."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column

from shared.db import Id, KitBase
from shared.messages.members import Person, PersonChanged, PersonErased, PersonMerged
from shared.society import SocietyOwned
from shared.uow import UnitOfWork

ERASED = "erased"  # the kind of somebody of whom nothing is kept but that there was one
NAME_OF_ERASED, ROMAN_OF_ERASED = "（消去済み）", "(erased)"
MERGED = "merged"  # kind of an alias: neither a member nor a guest
IS_ALIAS = sa.text("merged_into IS NOT NULL")


class PersonRow(SocietyOwned, KitBase):
    """What this service may know of a person. Fields as in `shared.messages.members.Person`."""

    __tablename__ = "people"
    __table_args__ = (
        sa.Index("ix_people_merged_into", "merged_into", postgresql_where=IS_ALIAS, sqlite_where=IS_ALIAS),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    revision: Mapped[int]
    kind: Mapped[str]
    name: Mapped[str]
    kana: Mapped[str]
    roman: Mapped[str]
    email: Mapped[str]
    language: Mapped[str]
    number: Mapped[str | None]
    standing: Mapped[str]
    category: Mapped[str | None]
    category_name: Mapped[str]
    category_name_en: Mapped[str]
    joined_on: Mapped[date | None]
    leaves_on: Mapped[date | None]
    affiliation: Mapped[str]
    postcode: Mapped[str]
    address: Mapped[str]
    merged_into: Mapped[str | None] = mapped_column(Id)  # never an alias itself

    def name_in(self, language: str) -> str:
        """The name for a letter in a language: roman letters in English where they are known."""
        return (self.roman or self.name) if language == "en" else self.name


_COLUMNS = [c.name for c in PersonRow.__table__.columns if c.name not in ("society_id", "merged_into")]
_SHOWN = [name for name in _COLUMNS if name not in ("id", "revision", "kind")]


def copy_people(uow: UnitOfWork, messages: Sequence[PersonChanged]) -> None:
    """Insert or update the local copies; an older revision never overwrites a newer one."""
    _keep_newest(uow, [message.person for message in messages])


def forget_people(uow: UnitOfWork, messages: Sequence[PersonErased]) -> None:
    """Leave a tombstone, also of people who were never known here: news of before, however late, is older than it."""
    _keep_newest(uow, [tombstone(message.person_id, message.revision) for message in messages])


def tombstone(id: str, revision: int) -> Person:
    """Nobody any more: no name, no address, no number."""
    return Person(id=id, revision=revision, kind=ERASED, name=NAME_OF_ERASED, roman=ROMAN_OF_ERASED, standing="left")


def _keep_newest(uow: UnitOfWork, people: Iterable[Person]) -> None:
    newest: dict[str, Person] = {}
    for each in people:
        known = newest.get(each.id)
        if known is None or known.revision < each.revision:
            newest[each.id] = each
    rows: list[dict[str, Any]] = [
        {"society_id": uow.society_id, **{name: getattr(person, name) for name in _COLUMNS}}
        for person in newest.values()
    ]
    connection, insert = uow.session.connection(), _insert(uow)
    upsert = insert.on_conflict_do_update(
        index_elements=["id"],
        set_={name: insert.excluded[name] for name in _COLUMNS if name != "id"},
        where=_is_newer(insert.excluded),
    )
    connection.execute(upsert, rows)
    _show_kept(uow, list(newest))


def _is_newer(fresh: Any) -> sa.ColumnElement[bool]:
    known = PersonRow.__table__.c
    return sa.and_(known.revision < fresh["revision"], known.society_id == fresh["society_id"])


def follow_merger(uow: UnitOfWork, message: PersonMerged) -> None:
    """From now on one is an alias of the other. Whatever else was or will be said of the two may come before or after,
    also that the one who was kept is an alias, too."""
    both = [message.from_id, message.into_id]
    unknown: dict[str, Any] = dict.fromkeys(_SHOWN, "") | {"language": "ja"}
    unknown |= dict.fromkeys(("number", "category", "joined_on", "leaves_on"))
    rows = [{"society_id": uow.society_id, "id": id, "revision": 0, "kind": MERGED, **unknown} for id in sorted(both)]
    uow.session.connection().execute(_insert(uow).on_conflict_do_nothing(index_elements=["id"]), rows)
    statement = sa.select(PersonRow).where(PersonRow.id.in_(both)).order_by(PersonRow.id).with_for_update()
    found = {row.id: row for row in uow.session.scalars(statement.execution_options(populate_existing=True))}
    into = found[message.into_id].merged_into or message.into_id
    gone = sa.or_(PersonRow.id == message.from_id, PersonRow.merged_into == message.from_id)
    for row in uow.session.scalars(sa.select(PersonRow).where(gone)):
        row.merged_into = into
    uow.session.flush()
    _show_kept(uow, [into])


def who_is(uow: UnitOfWork, id: str) -> PersonRow | None:
    """Who goes by this id: for an alias whoever was kept, who alone says whether they are a person or a company."""
    person = uow.session.get(PersonRow, id)
    return uow.session.get(PersonRow, person.merged_into) if person and person.merged_into else person


def ids_of(uow: UnitOfWork, person_id: str) -> Sequence[str]:
    """All ids under which things of one person stand here: their own, and those that were merged into it."""
    statement = sa.select(PersonRow.id, PersonRow.merged_into)
    found = uow.session.execute(statement.where(sa.or_(PersonRow.id == person_id, PersonRow.merged_into == person_id)))
    aliases = {row.id: row.merged_into for row in found if row.merged_into}
    if person_id in aliases:
        return ids_of(uow, aliases[person_id])
    return [person_id, *aliases]


def with_aliases(uow: UnitOfWork, ids: Sequence[str]) -> list[str]:
    """Of many people, with those that were merged into them."""
    return [*ids, *uow.session.scalars(sa.select(PersonRow.id).where(PersonRow.merged_into.in_(ids)))]


def _show_kept(uow: UnitOfWork, changed: Sequence[str]) -> None:
    """Aliases among the changed, or of one of them, say what is known of whoever was kept."""
    touched = sa.or_(PersonRow.id.in_(changed), PersonRow.merged_into.in_(changed))
    statement = sa.select(PersonRow).where(PersonRow.merged_into.is_not(None), touched).order_by(PersonRow.id)
    aliases = uow.session.scalars(statement.execution_options(populate_existing=True)).all()
    if not aliases:
        return
    wanted = sa.select(PersonRow).where(PersonRow.id.in_({alias.merged_into for alias in aliases}))
    kept = {row.id: row for row in uow.session.scalars(wanted.execution_options(populate_existing=True))}
    for alias in aliases:
        shown = kept[alias.merged_into or ""]
        alias.kind = ERASED if shown.kind == ERASED else MERGED
        for name in _SHOWN:
            setattr(alias, name, getattr(shown, name))
    uow.session.flush()


def _insert(uow: UnitOfWork) -> Any:
    return (postgresql if uow.session.connection().dialect.name == "postgresql" else sqlite).insert(PersonRow)
