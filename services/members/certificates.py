"""Certificates of membership 会員証明書 (M17+): issued with a number, frozen as facts, printed alike ever after."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from services.members.cards import card_settings
from services.members.categories import category_by_code
from services.members.errors.papers import NeverMember, NoCardToday
from services.members.models import CertificateRow, MemberRow
from services.members.search_conditions import KINDS
from services.members.standings.periods import periods_of, standing_today
from services.members.standings.words import CURRENT, MEMBERSHIP
from shared import audit
from shared.errors import NotFound
from shared.society import SocietyRow
from shared.uow import UnitOfWork


def issue_own_certificate(uow: UnitOfWork, person_id: str, language: str) -> CertificateRow:
    """By the member. Raises NotFound, NoCardToday, NeverMember."""
    if standing_today(uow, uow.get(MemberRow, person_id)) not in CURRENT:
        raise NoCardToday
    return issue_certificate(uow, person_id, language)


def issue_certificate(uow: UnitOfWork, person_id: str, language: str) -> CertificateRow:
    """Of membership, present or past. What was issued today in this language, and states the same, is that one: a
    double click is one certificate. `language`: ja | en. Raises NotFound, NeverMember."""
    member = uow.get(MemberRow, person_id, lock=True)
    facts = _facts(uow, member)
    for known in certificates_of(uow, person_id):
        if (known.issued_on, known.language, known.facts) == (uow.today, language, facts):
            return known
    row = CertificateRow(
        number=_next_number(uow),
        person_id=person_id,
        language=language,
        issued_on=uow.today,
        issued_at=uow.now,
        issued_by=uow.actor.name,
        facts=facts,
    )
    uow.add(row)
    uow.session.flush()
    what = {"certificate": f"{row.number} {language}"}
    audit.record(uow, "issue-certificate", f"member/{person_id}", before={"certificate": ""}, after=what)
    return row


def certificates_of(uow: UnitOfWork, person_id: str) -> Sequence[CertificateRow]:
    """Newest first."""
    statement = sa.select(CertificateRow).where(CertificateRow.person_id == person_id)
    return uow.session.scalars(statement.order_by(CertificateRow.number.desc())).all()


def issued_certificates() -> sa.Select[Any, Any]:
    """(certificate, member) of all that the society has issued 発行台帳."""
    return sa.select(CertificateRow, MemberRow).join(MemberRow, MemberRow.id == CertificateRow.person_id)


def certificate_of(uow: UnitOfWork, person_id: str, id: str) -> CertificateRow:
    """Raises NotFound, also where it is somebody else's, or its owner was erased: then only its number is left."""
    row = uow.get(CertificateRow, id)
    if row.person_id != person_id or not row.facts:
        raise NotFound
    return row


def _next_number(uow: UnitOfWork) -> int:
    """One certificate of the society at a time: numbers run without gaps."""
    uow.get(SocietyRow, str(uow.society_id), lock=True)
    return (uow.session.scalar(sa.select(sa.func.max(CertificateRow.number))) or 0) + 1


def _facts(uow: UnitOfWork, member: MemberRow) -> dict[str, Any]:
    periods = periods_of(uow, member) if member.kind in KINDS else []
    if not periods:
        raise NeverMember(name=member.name)
    standing, category = standing_today(uow, member), category_by_code(uow, member.category)
    society, said = uow.society, card_settings(uow)
    return {
        "is_member": standing in MEMBERSHIP,
        "standing": standing,
        "name": member.name,
        "name_en": member.name_in("en"),
        "corporate": member.kind == "corporate",
        "member_number": member.number,
        "category": category.name_in("ja") if category else "",
        "category_en": category.name_in("en") if category else "",
        "leaves_on": member.leaves_on.isoformat() if standing == "leaving" and member.leaves_on else None,
        "periods": [[day.isoformat() if day else None for day in (each.begins, each.ends)] for each in periods],
        "society": {
            "name": society.name,
            "name_en": society.name_en,
            "address": society.address,
            "phone": society.phone,
            "email": society.email,
        },
        "signatory": said.signatory,
        "signatory_en": said.signatory_en,
    }
