"""Custom fields that tests define, one of each type."""

from __future__ import annotations

from typing import Any

from services.members.custom_fields.defining import add_field
from services.members.models import CustomFieldRow
from shared.service import RunningService

BLANK: dict[str, Any] = {
    "hint": "",
    "hint_en": "",
    "choices": [],
    "least": "",
    "most": "",
    "required": False,
    "in_application": True,
    "for_member": "edited",
}
RED_GREEN = [
    {"code": "red", "label": "赤", "label_en": "Red"},
    {"code": "green", "label": "緑", "label_en": "Green"},
]
TYPES: dict[str, tuple[str, str, str, dict[str, Any]]] = {
    "specialty": ("line", "専門分野", "Field of study", {"most": "10"}),
    "career": ("text", "経歴", "Career", {}),
    "papers": ("number", "論文数", "Papers", {"least": "0", "most": "500"}),
    "birth_date": ("date", "生年月日", "Date of birth", {"least": "1900-01-01", "most": "2020-12-31"}),
    "color": ("choice", "色", "Colour", {"choices": RED_GREEN}),
    "colors": ("choices", "好きな色", "Favourite colours", {"choices": RED_GREEN}),
    "journal": ("yes_no", "学会誌の郵送", "Journal by post", {}),
}


def definition(which: str, /, **other: Any) -> dict[str, Any]:
    type, label, label_en, more = TYPES[which]
    return {"key": which, **BLANK, "type": type, "label": label, "label_en": label_en, **more, **other}


def define(running: RunningService, society: str, *keys: str, **other: Any) -> list[CustomFieldRow]:
    """Some of TYPES; without keys all of them."""
    with running.unit(society) as uow:
        return [add_field(uow, definition(key, **other)) for key in keys or TYPES]
