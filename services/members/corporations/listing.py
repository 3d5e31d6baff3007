"""All contacts 連絡者 of a society: searched, and as a file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from services.members.models import AccountRow, ContactRow, MemberRow
from services.members.search import fold
from services.members.standings.words import ENDED
from shared.tables.writing import Cell
from shared.uow import UnitOfWork

CHUNK = 2_000
Corporation = aliased(MemberRow, name="corporation")
ORDERS = {"corporation": Corporation.kana, "kana": MemberRow.kana, "duty": ContactRow.duty}
_HEADERS = (
    ("会員番号", "Member number"),
    ("法人名", "Corporate member"),
    ("氏名", "Name"),
    ("氏名カナ", "Kana"),
    ("氏名英字", "Roman name"),
    ("部署・役職", "Department and post"),
    ("担当", "Duty"),
    ("主たる連絡者", "Main contact"),
    ("メールアドレス", "E-mail"),
    ("電話番号", "Phone"),
    ("言語", "Language"),
    ("担当終了日", "Ends on"),
)


def matching_contacts(q: str = "", state: str = "") -> sa.Select[Any, Any, Any, Any]:
    """(contact, person, corporate member, account or None) whose own or whose corporate member's data hold every word.

    `state`: `ended` or `all`; otherwise those who are contacts now."""
    statement: sa.Select[Any, Any, Any, Any] = (
        sa.select(ContactRow, MemberRow, Corporation, AccountRow)
        .join(MemberRow, MemberRow.id == ContactRow.id)
        .join(Corporation, Corporation.id == ContactRow.corporation_id)
        .outerjoin(AccountRow, AccountRow.person_id == MemberRow.id)
    )
    if state != "all":
        over = MemberRow.standing.in_(ENDED)
        statement = statement.where(over if state == "ended" else ~over)
    for word in q.split():
        texts = (MemberRow.search, Corporation.search)
        statement = statement.where(sa.or_(*(text.contains(fold(word), autoescape=True) for text in texts)))
    return statement


def headers(language: str) -> Sequence[str]:
    return [pair[1 if language == "en" else 0] for pair in _HEADERS]


def rows(uow: UnitOfWork, found: sa.Select[Any, Any, Any, Any], duties: Mapping[str, str]) -> Iterator[Sequence[Cell]]:
    """Streamed, by corporate member, the main contact first. `duties`: the words of the reader."""
    order = (Corporation.number, Corporation.id, ContactRow.main.desc(), MemberRow.kana, MemberRow.id)
    plain = found.with_only_columns(ContactRow, MemberRow, Corporation.number, Corporation.name)
    for contact, person, number, name in uow.session.execute(plain.order_by(*order).execution_options(yield_per=CHUNK)):
        yield (
            number,
            name,
            person.name,
            person.kana,
            person.roman,
            person.affiliation,
            duties.get(contact.duty, contact.duty),
            int(contact.main),
            person.email,
            person.phone,
            person.language,
            contact.ends_on,
        )
        uow.session.expunge(contact)
        uow.session.expunge(person)
