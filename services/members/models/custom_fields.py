"""Fields 独自項目 that a society defines for its members. The values stand with the member, under the field's key."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from services.members.models.base import Base
from shared.db import Id, Json, UtcDateTime
from shared.ids import new_id
from shared.society import SocietyOwned


class CustomFieldRow(SocietyOwned, Base):
    """One field. Its key never changes, its type only while no member has a value.

    Retired 使用停止: nobody is asked for it any more, and what is known stays. Removed: its values are being taken
    from the members, and then it goes itself; until then nobody sees it and its key is taken."""

    __tablename__ = "custom_fields"
    __table_args__ = (sa.UniqueConstraint("society_id", "key"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    key: Mapped[str]
    type: Mapped[str]  # of custom_fields/types.py
    label: Mapped[str]
    label_en: Mapped[str]
    hint: Mapped[str] = mapped_column(default="")
    hint_en: Mapped[str] = mapped_column(default="")
    choices: Mapped[list[dict[str, str]]] = mapped_column(Json, default=list)  # code, label, label_en, in their order
    least: Mapped[str] = mapped_column(default="")  # of a number or a date; "": any
    most: Mapped[str] = mapped_column(default="")  # the same; of a text: how many characters
    required: Mapped[bool] = mapped_column(default=False)  # of those who fill it in themselves
    in_application: Mapped[bool] = mapped_column(default=False)
    for_member: Mapped[str] = mapped_column(default="hidden")  # hidden | shown | edited: on My Page
    ordinal: Mapped[int]
    revision: Mapped[int] = mapped_column(default=1)
    retired_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    removed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    @property
    def input_name(self) -> str:
        """Of its input in forms, its column in files, and where faults say that something is wrong."""
        return f"custom.{self.key}"

    def label_in(self, language: str) -> str:
        return self.label_en if language == "en" else self.label

    def hint_in(self, language: str) -> str:
        return (self.hint_en or self.hint) if language == "en" else self.hint

    def choices_in(self, language: str) -> list[tuple[str, str]]:
        """(code, label) in the field's order."""
        label = "label_en" if language == "en" else "label"
        return [(choice["code"], choice[label]) for choice in self.choices]
