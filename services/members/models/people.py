"""People and their categories."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from services.members.errors.duplicates import MemberMerged
from services.members.models.base import Base
from shared.db import Id, Json, UtcDateTime
from shared.ids import new_id
from shared.messages.members import Person
from shared.society import SocietyOwned, current_society
from shared.uow import Replaceable


class CategoryRow(SocietyOwned, Base):
    """A category 会員種別. Its code never changes; members carry it."""

    __tablename__ = "categories"
    __table_args__ = (sa.UniqueConstraint("society_id", "code"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    code: Mapped[str]
    name: Mapped[str]
    name_en: Mapped[str]
    ordinal: Mapped[int]
    number_prefix: Mapped[str] = mapped_column(default="", server_default="")
    number_width: Mapped[int] = mapped_column(default=0, server_default="0")  # digits, with leading zeros; 0: none

    def name_in(self, language: str) -> str:
        return (self.name_en or self.name) if language == "en" else self.name


class PersonFields:
    """What is known of a person; a staged row of a roster has the same columns."""

    kind: Mapped[str] = mapped_column(default="individual")  # individual | corporate | contact | guest
    name: Mapped[str]
    kana: Mapped[str] = mapped_column(default="")
    roman: Mapped[str] = mapped_column(default="")
    email: Mapped[str | None]  # in lower case: it is the login id
    language: Mapped[str] = mapped_column(default="ja")
    number: Mapped[str | None]
    standing: Mapped[str] = mapped_column(default="active")
    category: Mapped[str | None]
    joined_on: Mapped[date | None]
    leaves_on: Mapped[date | None]
    affiliation: Mapped[str] = mapped_column(default="")
    postcode: Mapped[str] = mapped_column(default="")
    address: Mapped[str] = mapped_column(default="")
    phone: Mapped[str] = mapped_column(default="")
    note: Mapped[str] = mapped_column(sa.Text, default="")
    custom: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    search: Mapped[str] = mapped_column(sa.Text, default="")  # folded, see search.py


PERSON_COLUMNS = tuple(name for name in PersonFields.__annotations__)


MERGED = "merged"  # kind of a record that turned out to be a second one of somebody; another row stands in its place
IS_MERGED = sa.text("merged_into IS NOT NULL")


class MemberRow(PersonFields, SocietyOwned, Replaceable, Base):
    """A person of the society. A guest is somebody with an account who is no member: staff, for example; a contact
    speaks for a corporate member, see `ContactRow`."""

    __tablename__ = "members"
    __table_args__ = (
        sa.UniqueConstraint("society_id", "number"),
        sa.UniqueConstraint("society_id", "email"),
        sa.Index("ix_members_society_id_kana", "society_id", "kana"),
        sa.Index("ix_members_society_id_joined_on", "society_id", "joined_on", "id"),
        sa.Index("ix_members_society_id_category", "society_id", "category", "id"),
        sa.Index("ix_members_society_id_standing", "society_id", "standing", "id"),
        sa.Index(
            "ix_members_society_id_leaves_on",
            "society_id",
            "leaves_on",
            postgresql_where=sa.text("leaves_on IS NOT NULL"),
            sqlite_where=sa.text("leaves_on IS NOT NULL"),
        ),
        sa.Index("ix_members_merged_into", "merged_into", postgresql_where=IS_MERGED, sqlite_where=IS_MERGED),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    revision: Mapped[int] = mapped_column(default=0)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    address_dead_at: Mapped[datetime | None] = mapped_column(
        UtcDateTime
    )  # mail to the e-mail address came back for good
    # of a corporate member, kept by corporations/following.py: the main contact's address, to which its letters go;
    # and the names of its contacts as they are searched
    letters_to: Mapped[str | None]
    contact_words: Mapped[str] = mapped_column(sa.Text, default="", server_default="")
    merged_into: Mapped[str | None] = mapped_column(sa.ForeignKey("members.id"))  # who was kept, never merged itself

    def replaced(self) -> MemberMerged | None:
        return MemberMerged(into=self.merged_into) if self.merged_into else None

    def name_in(self, language: str) -> str:
        return (self.roman or self.name) if language == "en" else self.name

    def public(self, category: CategoryRow | None) -> Person:
        return public_person(self.id, self.revision, self, category, self.letters_to)


class NumberRow(SocietyOwned, Base):
    """A member number 会員番号 that is or was ever used, and by whom: nobody else gets it, ever."""

    __tablename__ = "member_numbers"

    society_id: Mapped[str] = mapped_column(Id, primary_key=True, default=current_society.get)
    number: Mapped[str] = mapped_column(primary_key=True)
    member_id: Mapped[str] = mapped_column(sa.ForeignKey("members.id"), index=True)


def public_person(
    id: str,
    revision: int,
    fields: PersonFields | sa.Row[Any],
    category: CategoryRow | None,
    letters_to: str | None = None,
) -> Person:
    """The person as the other services may know them: with the address to which letters go."""
    return Person(
        id=id,
        revision=revision,
        kind=fields.kind,
        name=fields.name,
        kana=fields.kana,
        roman=fields.roman,
        email=letters_to or fields.email or "",
        language=fields.language,
        number=fields.number,
        standing=fields.standing,
        category=fields.category,
        category_name=category.name if category else "",
        category_name_en=category.name_en if category else "",
        joined_on=fields.joined_on,
        leaves_on=fields.leaves_on,
        affiliation=fields.affiliation,
        postcode=fields.postcode,
        address=fields.address,
    )


# a person of whom nothing is known yet, in the fields that offices and rosters fill in
BLANK_PERSON: dict[str, Any] = {
    "kind": "individual",
    "name": "",
    "kana": "",
    "roman": "",
    "email": None,
    "language": "ja",
    "number": None,
    "standing": "active",
    "category": None,
    "joined_on": None,
    "leaves_on": None,
    "affiliation": "",
    "postcode": "",
    "address": "",
    "phone": "",
    "note": "",
    "custom": {},
}
