"""The columns that a roster may have, by their Japanese and English headers: those of everybody, and the society's
custom fields. What no field is called so is kept as a text under its header."""

from __future__ import annotations

from collections.abc import Iterable

from services.members.models import CustomFieldRow
from shared.tables import Column
from shared.tables.columns import fold_header

COLUMNS = (
    Column("number", ("会員番号", "Member number", "Member no.", "No.")),
    Column("name", ("氏名", "Name", "名前"), required=True),
    Column("kana", ("氏名カナ", "Kana", "氏名（カナ）", "フリガナ", "カナ")),
    Column("roman", ("氏名英字", "Roman name", "氏名（英字）", "ローマ字", "Name in roman letters")),
    Column("email", ("メールアドレス", "E-mail", "Email", "Mail", "E-mail address", "Email address", "メール")),
    Column("category", ("会員種別", "Category", "Member category", "種別"), required=True),
    Column("kind", ("個人・法人", "Individual or corporate", "個人法人", "個人法人区分")),
    Column("standing", ("会員状況", "Standing", "Status", "状況")),
    Column("joined_on", ("入会日", "Joined", "Joined on", "Date of joining")),
    Column("leaves_on", ("退会予定日", "Leaves", "Leaves on", "Withdrawal date", "退会日")),
    Column("affiliation", ("所属", "Affiliation", "所属機関", "所属先")),
    Column("postcode", ("郵便番号", "Postcode", "Postal code", "Zip code")),
    Column("address", ("住所", "Address")),
    Column("phone", ("電話番号", "Phone", "Telephone", "Phone number", "電話")),
    Column("note", ("備考", "Note", "Notes", "Remarks")),
    Column("language", ("言語", "Language", "使用言語")),
)
KNOWN = {column.name: column for column in COLUMNS}
HEADERS = frozenset(fold_header(text) for column in COLUMNS for text in (column.name, *column.headers))

EXAMPLE = (
    "1001",
    "髙橋 花子",
    "タカハシ ハナコ",
    "Hanako Takahashi",
    "hanako@example.ac.jp",
    "正会員",
    "個人",
    "在会",
    "2026-04-01",
    "",
    "集い大学",
    "100-0001",
    "東京都千代田区千代田1-1",
    "03-1234-5678",
    "",
    "ja",
)


def custom_columns(fields: Iterable[CustomFieldRow]) -> tuple[Column, ...]:
    """A column for each field, by its label in either language or its key."""
    return tuple(Column(field.input_name, (field.label, field.label_en, field.key)) for field in fields)


def title(name: str, language: str) -> str:
    """A column as people are told of it; a custom field has its own header only."""
    column = KNOWN.get(name)
    if column is None:
        return name
    return column.headers[1 if language == "en" else 0]
