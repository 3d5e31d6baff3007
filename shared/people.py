"""A service's local copy of people (members, contacts, guests), kept by `PersonChanged`: the newest revision wins."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column

from shared.db import Id, KitBase
from shared.messages.members import Person, PersonChanged, PersonErased
from shared.society import SocietyOwned
from shared.uow import UnitOfWork

ERASED = "erased"  # the kind of somebody of whom nothing is kept but that there was one
NAME_OF_ERASED, ROMAN_OF_ERASED = "（消去済み）", "(erased)"


class PersonRow(SocietyOwned, KitBase):
    """What this service may know of a person. Fields as in `shared.messages.members.Person`."""

    __tablename__ = "people"

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

    def name_in(self, language: str) -> str:
        """The name for a letter in a language: roman letters in English where they are known."""
        return (self.roman or self.name) if language == "en" else self.name


_COLUMNS = [column.name for column in PersonRow.__table__.columns if column.name != "society_id"]


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
    connection = uow.session.connection()
    insert = (postgresql if connection.dialect.name == "postgresql" else sqlite).insert(PersonRow)
    upsert = insert.on_conflict_do_update(
        index_elements=["id"],
        set_={name: insert.excluded[name] for name in _COLUMNS if name != "id"},
        where=sa.and_(
            PersonRow.__table__.c.revision < insert.excluded["revision"],
            PersonRow.__table__.c.society_id == insert.excluded["society_id"],
        ),
    )
    connection.execute(upsert, rows)
