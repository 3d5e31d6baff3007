"""A value that a field could hold, for templates of files."""

from __future__ import annotations

from services.members.custom_fields.reading import in_words
from services.members.models import CustomFieldRow


def example(field: CustomFieldRow, language: str) -> str:
    """As people write it in a file."""
    codes = [choice["code"] for choice in field.choices]
    found = {
        "number": field.least or field.most or "1",
        "date": field.least or field.most or "1980-04-01",
        "choice": codes[0] if codes else "",
        "choices": codes[:2],
        "yes_no": "yes",
    }
    return in_words(field, found.get(field.type, ""), language)
