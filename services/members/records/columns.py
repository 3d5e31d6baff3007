"""The columns of a file of records: the template's, and those that a download has besides."""

from __future__ import annotations

from dataclasses import replace

from services.members.rosters.columns import KNOWN
from shared.errors import N_
from shared.tables import Column

COLUMNS = (
    Column("key", ("履歴ID", "Record key", "Record ID")),
    Column("kind_id", ("履歴種別", "Kind", "種別")),
    Column("public", ("公開設定", "Public", "公開")),
    KNOWN["number"],
    KNOWN["email"],
    Column("title", ("履歴名称", "Title", "名称")),
    Column("title_en", ("履歴名称（英語）", "Title in English", "履歴名称英語")),
    Column("starts_on", ("開始日", "From", "日付", "Date")),
    Column("ends_on", ("終了日", "Until")),
    Column("note", ("備考（事務局用）", "Note for the office", "備考", "Note")),
)
# not read: they help whoever looks at a download
SHOWN = (
    replace(KNOWN["name"], required=False),
    Column("registered_on", ("登録日", "Registered on")),
    Column("goes_on", ("削除予定日", "Deleted on")),
)
NEEDED = ("kind_id", "title", "starts_on")
EXPLAINED = {
    "key": N_("Leave it empty for new records. For a bulk change or deletion it comes from a download."),
    "kind_id": N_("One of: %(kinds)s."),
    "public": N_("1: shown on the member's My Page. 0 or empty: for the office only."),
    "number": N_("Whose record it is: by member number, or else by e-mail address."),
    "email": N_("May be empty where there is a member number."),
    "title": N_("What was attended, awarded or held; at most 200 characters."),
    "title_en": N_("For members who read English. May be empty."),
    "starts_on": N_("The day, or the first day of a period."),
    "ends_on": N_("The last day of a period. Empty: a single day."),
    "note": N_("Never shown to members."),
}
EXAMPLE = {
    "key": "",
    "kind_id": "",  # the society's first
    "public": "1",
    "number": "1001",
    "email": "hanako@example.ac.jp",
    "title": "第10回大会",
    "title_en": "10th Annual Conference",
    "starts_on": "2026-09-12",
    "ends_on": "2026-09-13",
    "note": "",
}
_ALL = {column.name: column for column in (*COLUMNS, *SHOWN)}


def columns_for(mode: str) -> tuple[Column, ...]:
    """What a file is read with: only new records need all that tells one from others."""
    return (*(replace(column, required=mode == "add" and column.name in NEEDED) for column in COLUMNS), *SHOWN)


def title(name: str, language: str) -> str:
    """A column as people are told of it."""
    column = _ALL.get(name)
    return column.headers[1 if language == "en" else 0] if column else name
