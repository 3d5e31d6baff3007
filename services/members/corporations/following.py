"""What a corporate member has of its contacts: the words by which it is found, and where its letters go."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from services.members.models import ContactRow, MemberRow
from services.members.search import search_text
from services.members.standings.words import ENDED
from shared.errors import NotFound
from shared.uow import UnitOfWork


def contacts_of(uow: UnitOfWork, corporation_id: str, *, ended: bool = False) -> Sequence[sa.Row[Any, Any]]:
    """(contact, person): the main one first, then by reading; with `ended` also those who are none any more, last."""
    statement: sa.Select[Any, Any] = sa.select(ContactRow, MemberRow).join(MemberRow, MemberRow.id == ContactRow.id)
    statement = statement.where(ContactRow.corporation_id == corporation_id)
    if not ended:
        statement = statement.where(MemberRow.standing.not_in(ENDED))
    order = (MemberRow.standing, ContactRow.main.desc(), MemberRow.kana, MemberRow.name, MemberRow.id)
    return uow.session.execute(statement.order_by(*order)).all()


def contact_of(uow: UnitOfWork, corporation_id: str, id: str) -> tuple[ContactRow, MemberRow]:
    """Raises NotFound, also where it is the contact of another corporate member."""
    contact = uow.get(ContactRow, id)
    if contact.corporation_id != corporation_id:
        raise NotFound
    return contact, uow.get(MemberRow, id)


def follow_contacts(uow: UnitOfWork, corporation: MemberRow) -> bool:
    """Bring a locked corporate member in line with its contacts. Has anything changed?"""
    contacts = contacts_of(uow, corporation.id)
    texts = (search_text(p.name, p.kana, p.roman, None, p.email, "") for _contact, p in contacts)
    before = corporation.letters_to, corporation.contact_words
    corporation.letters_to = next((person.email for contact, person in contacts if contact.main), None)
    corporation.contact_words = "\n".join(texts)
    return before != (corporation.letters_to, corporation.contact_words)
