"""Fields that many societies have, ready to be taken with one click and changed afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from services.members.custom_fields.defining import add_field
from services.members.custom_fields.finding import list_fields
from services.members.models import CustomFieldRow
from shared.errors import NotFound
from shared.uow import UnitOfWork

_PLAIN: Mapping[str, Any] = {
    "type": "line",
    "hint": "",
    "hint_en": "",
    "choices": [],
    "least": "",
    "most": "",
    "required": False,
    "in_application": True,
    "for_member": "edited",
}


def _choices(*choices: tuple[str, str, str]) -> list[dict[str, str]]:
    return [{"code": code, "label": label, "label_en": label_en} for code, label, label_en in choices]


SUGGESTIONS: Mapping[str, Mapping[str, Any]] = {
    "birth_date": {
        "label": "生年月日",
        "label_en": "Date of birth",
        "type": "date",
        "least": "1900-01-01",
        "for_member": "shown",
    },
    "gender": {
        "label": "性別（任意）",
        "label_en": "Gender (optional)",
        "type": "choice",
        "hint": "統計にのみ用います。回答しなくてもかまいません。",
        "hint_en": "For statistics only. You need not answer.",
        "choices": _choices(
            ("female", "女性", "Female"),
            ("male", "男性", "Male"),
            ("other", "その他・回答しない", "Other or no answer"),
        ),
    },
    "specialty": {
        "label": "専門分野",
        "label_en": "Field of study",
        "hint": "例：有機化学",
        "hint_en": "For example: organic chemistry",
    },
    "department": {"label": "所属部門", "label_en": "Department"},
    "degree": {
        "label": "学位",
        "label_en": "Degree",
        "type": "choice",
        "choices": _choices(
            ("bachelor", "学士", "Bachelor"),
            ("master", "修士", "Master"),
            ("doctor", "博士", "Doctor"),
            ("none", "なし", "None"),
        ),
    },
    "introducer": {
        "label": "紹介者",
        "label_en": "Introduced by",
        "hint": "紹介してくださった会員の氏名",
        "hint_en": "The member who introduced you",
        "for_member": "hidden",
    },
}


def add_suggested(uow: UnitOfWork, key: str) -> CustomFieldRow:
    """Once, however often it is clicked. Raises NotFound, CustomFieldExists, HeaderHasValues, TooManyCustomFields."""
    if key not in SUGGESTIONS:
        raise NotFound
    if known := next((field for field in list_fields(uow) if field.key == key), None):
        return known
    return add_field(uow, {"key": key, **_PLAIN, **SUGGESTIONS[key]})
