"""Codes behind the QR of membership cards and certificates (M17+): whoever holds one may see what it proves.

Of a code only the digest is stored. It is made from its id and the installation's secret, so that the same QR can be
shown again; where that secret was changed and the old one is gone, a new code is made."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from services.members.errors.papers import CodeNotValid
from services.members.models import CodeRow, MemberRow
from services.members.tokens import Keys, derive_token, digest
from shared import audit
from shared.ids import new_id
from shared.uow import UnitOfWork


def codes_of(uow: UnitOfWork, person_id: str, certificate_id: str | None = None) -> Sequence[CodeRow]:
    """Of the member's card, or of a certificate: what is in force, then what is over, newest first."""
    statement = sa.select(CodeRow).where(CodeRow.person_id == person_id, CodeRow.certificate_id == certificate_id)
    return uow.session.scalars(statement.order_by(CodeRow.ended_at.is_not(None), CodeRow.id.desc())).all()


def known_code(uow: UnitOfWork, keys: Keys, person_id: str, certificate_id: str | None = None) -> str | None:
    """What the QR holds; "" where it was revoked; None where a code is still to be made."""
    known = codes_of(uow, person_id, certificate_id)
    if not known:
        return None
    if known[0].ended_at:
        return ""
    tokens = (derive_token(str(uow.society_id), key, known[0].id) for key in keys)
    return next((token for token in tokens if digest(token) == known[0].secret), None)


def shown_code(uow: UnitOfWork, keys: Keys, person_id: str, certificate_id: str | None = None) -> str:
    """The same; made where there is none. Raises NotFound."""
    uow.get(MemberRow, person_id, lock=True)  # whoever opens the card in two windows makes one code
    known = known_code(uow, keys, person_id, certificate_id)
    return _make(uow, keys, person_id, certificate_id, by="") if known is None else known


def renew_code(uow: UnitOfWork, keys: Keys, person_id: str) -> str:
    """A new code for the card; older ones are not valid from now on. Raises NotFound."""
    uow.get(MemberRow, person_id, lock=True)
    token = _make(uow, keys, person_id, None, by=uow.actor.name)
    audit.record(uow, "renew-card-code", f"member/{person_id}", before={"card": ""}, after={"card": "renewed"})
    return token


def revoke_code(uow: UnitOfWork, person_id: str) -> None:
    """From now on no code of the card is valid, until a new one is made. Raises NotFound."""
    uow.get(MemberRow, person_id, lock=True)
    if _end(uow, person_id):
        audit.record(uow, "revoke-card-code", f"member/{person_id}", before={"card": ""}, after={"card": "revoked"})


def find_code(uow: UnitOfWork, token: str) -> CodeRow:
    """Raises CodeNotValid."""
    statement = sa.select(CodeRow).where(CodeRow.secret == digest(token), CodeRow.ended_at.is_(None))
    found = uow.session.scalars(statement).one_or_none()
    if found is None:
        raise CodeNotValid
    return found


def _make(uow: UnitOfWork, keys: Keys, person_id: str, certificate_id: str | None, *, by: str) -> str:
    if certificate_id is None:
        _end(uow, person_id)
    row = CodeRow(id=new_id(), person_id=person_id, certificate_id=certificate_id, made_at=uow.now, made_by=by)
    token = derive_token(str(uow.society_id), keys[0], row.id)
    row.secret = digest(token)
    uow.add(row)
    uow.session.flush()
    return token


def _end(uow: UnitOfWork, person_id: str) -> bool:
    open_codes = [row for row in codes_of(uow, person_id) if row.ended_at is None]
    for row in open_codes:
        row.ended_at = uow.now
    uow.session.flush()
    return bool(open_codes)
