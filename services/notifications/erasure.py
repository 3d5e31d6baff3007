"""People who were erased 個人情報の消去: nothing is sent to them any more; of letters only that they went out is kept.

Letters to an address that was nobody's yet, or was theirs before, are known by the address."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import sqlalchemy as sa

from services.notifications.models import OPEN, LetterRow
from shared.people import PersonRow, with_aliases
from shared.uow import UnitOfWork

WHY = "the person was erased"
MONEY = ("invoice-created", "receipt-issued")  # their facts name nobody, and billing is restored by them: recall.py


def forget_letters_of(uow: UnitOfWork, ids: Sequence[str]) -> None:
    """Whatever was or is to be written to them is emptied: before their copies are, which know the addresses."""
    ids = with_aliases(uow, ids)
    addresses = _addresses(uow, ids)
    _forget_letters_to(uow, ids)
    _forget_letters_to_addresses(uow, addresses, but=_of_others(uow, addresses, ids))


def forget_letter(letter: LetterRow) -> None:
    """What is kept: of which kind it was, because of what, and what became of it."""
    if letter.state in OPEN:
        letter.state, letter.next_try_at = "cancelled", None
    letter.address = letter.name = letter.subject = letter.text = None
    letter.delivery = WHY
    if letter.kind not in MONEY:
        letter.about = "{}"


def _forget_letters_to(uow: UnitOfWork, ids: Sequence[str]) -> None:
    is_open = LetterRow.state.in_(OPEN)
    statement = (
        sa.update(LetterRow)
        .where(LetterRow.person_id.in_(ids))
        .values(
            state=sa.case((is_open, "cancelled"), else_=LetterRow.state),
            next_try_at=sa.case((is_open, None), else_=LetterRow.next_try_at),
            address=None,
            name=None,
            subject=None,
            text=None,
            delivery=WHY,
            about=sa.case((LetterRow.kind.in_(MONEY), LetterRow.about), else_="{}"),
        )
    )
    uow.session.execute(statement, execution_options={"synchronize_session": False})


def _forget_letters_to_addresses(uow: UnitOfWork, addresses: Mapping[str, str], *, but: set[str]) -> None:
    """To nobody in particular (links to apply or to confirm an address): from now on they count as theirs. What is
    still on its way to an address that somebody else has now (`but`) is for them."""
    unsent = sa.and_(LetterRow.state.in_((*OPEN, "failed")), LetterRow.address.is_(None))
    to_nobody = sa.select(LetterRow).where(LetterRow.person_id.is_(None), LetterRow.about.contains('"to"'))
    reached = sa.func.lower(LetterRow.address).in_(list(addresses))
    for letter in uow.session.scalars(to_nobody.where(sa.or_(reached, unsent)).with_for_update()):
        address = (letter.address or letter.facts.get("to", {}).get("email") or "").lower()
        if address in addresses and not (address in but and letter.state in OPEN):
            letter.person_id = addresses[address]
            forget_letter(letter)
    uow.session.flush()


def _addresses(uow: UnitOfWork, ids: Sequence[str]) -> dict[str, str]:
    """Whose each address is, as far as it is known here: of now, and of letters in former times."""
    now = sa.select(PersonRow.email, PersonRow.id).where(PersonRow.id.in_(ids))
    then = sa.select(LetterRow.address, LetterRow.person_id).where(LetterRow.person_id.in_(ids)).distinct()
    found = [*uow.session.execute(then), *uow.session.execute(now)]
    return {address.lower(): id for address, id in found if address and id}


def _of_others(uow: UnitOfWork, addresses: Mapping[str, str], ids: Sequence[str]) -> set[str]:
    """Those that somebody has now who is not erased. `ids`: all under which the erased are known."""
    address = sa.func.lower(PersonRow.email)
    return set(uow.session.scalars(sa.select(address).where(address.in_(list(addresses)), PersonRow.id.not_in(ids))))
