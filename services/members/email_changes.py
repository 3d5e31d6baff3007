"""Change of one's e-mail address (M12, S8): a link to the new one, valid 24 hours, once, only the newest, and only for
whoever is logged in with the old one. Until then the old one stays, and afterwards it is told."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa

from services.members import throttle
from services.members.corporations.acting import own_person_id
from services.members.errors.links import AddressChanged, AddressTaken, EmailChangeDone, LinkUnusable, SomebodyElse
from services.members.errors.people import EmailInUse
from services.members.logins import check_own_password
from services.members.members import change_own_email, holder_of_email
from services.members.models import EmailChangeRow, MemberRow
from services.members.tokens import VALID, digest, make_token, refuse_if_over
from shared.errors import N_, Fault, InvalidInput
from shared.identity import Principal
from shared.messages.members import EmailChanged, EmailChangeStarted
from shared.service import RunningService
from shared.uow import UnitOfWork

KEEP = timedelta(days=30)  # a link that expired goes on saying so for as long


def ask_for_new_email(running: RunningService, who: Principal, *, email: str, password: str) -> None:
    """Mail the link to the new address. Whose address is known gets another letter instead, and the page does not tell
    which (S6). Raises InvalidInput, TooManyAttempts."""
    old = check_own_password(running, who, password, field="password")
    if email == old:
        raise InvalidInput(faults=[Fault(N_("This is your present e-mail address."), field="email")])
    with running.unit(who.society_id, actor=who.actor) as uow:
        limits = throttle.new_email_limits(who.account_id, email)
        throttle.check(uow, limits)
        throttle.count(uow, limits)
        _start(uow, uow.get(MemberRow, own_person_id(uow, who), lock=True), email, running.settings.public_url)


def waiting_email(uow: UnitOfWork, person_id: str) -> EmailChangeRow | None:
    """What the person is still to confirm."""
    statement = _open_of(person_id).where(EmailChangeRow.expires_at > uow.now)
    return uow.session.scalars(statement.order_by(EmailChangeRow.started_at.desc()).limit(1)).one_or_none()


def look_at_new_email(uow: UnitOfWork, token: str, who: Principal, *, lock: bool = False) -> EmailChangeRow:
    """One that this person can confirm. Raises the LinkUnusable that says what is wrong. Changes nothing."""
    statement = sa.select(EmailChangeRow).where(EmailChangeRow.secret == digest(token), ~EmailChangeRow.known)
    row = uow.session.scalars(statement.with_for_update() if lock else statement).one_or_none()
    if row is None:
        raise LinkUnusable
    if row.person_id != own_person_id(uow, who):
        raise SomebodyElse
    if row.confirmed_at:
        raise EmailChangeDone
    refuse_if_over(row.superseded_at, row.expires_at, uow.now)
    if uow.get(MemberRow, row.person_id).email != row.old:
        raise AddressChanged
    return row


def confirm_new_email(uow: UnitOfWork, token: str, who: Principal) -> EmailChangeRow:
    """From now on it is their address, and their login id. Raises LinkUnusable."""
    if who.person_id:  # first of all: whoever asks for another one, or puts it right in the office, locks them, too
        uow.get(MemberRow, own_person_id(uow, who), lock=True)
    row = look_at_new_email(uow, token, who, lock=True)
    try:
        person = change_own_email(uow, row.person_id, row.new)
    except EmailInUse as error:
        raise AddressTaken from error
    row.confirmed_at = uow.now
    name, language = person.name_in(person.language), person.language
    told = {"change_id": row.id, "person_id": person.id, "name": name, "language": language}
    uow.say(EmailChanged(**told, before=row.old, changed_at=uow.now))
    return row


def forget_old_changes(uow: UnitOfWork) -> None:
    """Due work: a month after they expired."""
    old = sa.delete(EmailChangeRow).where(EmailChangeRow.expires_at < uow.now - KEEP)
    uow.session.execute(old, execution_options={"synchronize_session": False})


def _start(uow: UnitOfWork, person: MemberRow, email: str, public_url: str) -> None:
    for older in uow.session.scalars(_open_of(person.id)):
        older.superseded_at = uow.now
    known = holder_of_email(uow, email) is not None
    token = make_token(str(uow.society_id))
    row = EmailChangeRow(
        secret=digest(token),
        person_id=person.id,
        old=person.email or "",
        new=email,
        known=known,
        started_at=uow.now,
        expires_at=uow.now + VALID,
    )
    uow.add(row)
    uow.session.flush()
    uow.say(
        EmailChangeStarted(
            change_id=row.id,
            person_id=person.id,
            email=email,
            language=person.language,
            link="" if known else f"{public_url.rstrip('/')}/members/my/email/{token}",
            expires_at=row.expires_at,
            known=known,
        )
    )


def _open_of(person_id: str) -> sa.Select[EmailChangeRow]:
    return sa.select(EmailChangeRow).where(
        EmailChangeRow.person_id == person_id,
        EmailChangeRow.confirmed_at.is_(None),
        EmailChangeRow.superseded_at.is_(None),
    )
