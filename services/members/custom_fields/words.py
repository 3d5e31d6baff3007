"""Values of custom fields as people read them, in pages, files and the audit trail."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from services.members.custom_fields.types import yes_and_no
from services.members.models import CustomFieldRow


def in_words(field: CustomFieldRow, value: Any, language: str) -> str:
    """A stored value as people read it. What an older release wrote otherwise is shown as it is."""
    if value in (None, "", []):
        return ""
    names = yes_and_no(language) if field.type == "yes_no" else dict(field.choices_in(language))
    each_of = value if isinstance(value, list) else [value]
    return _listed([names.get(str(each), str(each)) for each in each_of], language)


def as_it_stands(value: Any, language: str) -> str:
    """A value that belongs to no field."""
    return _listed([str(each) for each in value], language) if isinstance(value, list) else str(value)


def _listed(parts: Sequence[str], language: str) -> str:
    return (", " if language == "en" else "、").join(parts)


def difference(
    fields: Sequence[CustomFieldRow], before: Mapping[str, Any], after: Mapping[str, Any]
) -> tuple[dict[str, str], dict[str, str]]:
    """What is not the same, before and after, for the audit trail: under the field's label and in words as they are
    now, because an entry is read when the field may be called otherwise, or be gone."""
    by_key = {field.key: field for field in fields}
    changed = [key for key in {**before, **after} if before.get(key) != after.get(key)]

    def told(side: Mapping[str, Any]) -> dict[str, str]:
        return dict(_told(by_key.get(key), key, side[key]) for key in changed if key in side)

    return told(before), told(after)


def _told(field: CustomFieldRow | None, key: str, value: Any) -> tuple[str, str]:
    return (field.label, in_words(field, value, "ja")) if field else (key, as_it_stands(value, "ja"))


def example(field: CustomFieldRow, language: str) -> str:
    """A value that the field could hold, as people write it in a file: for templates."""
    codes = [choice["code"] for choice in field.choices]
    found = {
        "number": field.least or field.most or "1",
        "date": field.least or field.most or "1980-04-01",
        "choice": codes[0] if codes else "",
        "choices": codes[:2],
        "yes_no": "yes",
    }
    return in_words(field, found.get(field.type, ""), language)
