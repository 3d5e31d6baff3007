"""Password re-issue パスワード再発行, asked for by anybody (S6): every address is taken down alike and looked at
afterwards, so that neither the answer nor its time tells whether somebody has it."""

from __future__ import annotations

import sqlalchemy as sa

from services.members import throttle
from services.members.accounts import ensure_account
from services.members.members import holder_of_email
from services.members.models import PasswordRequestRow
from services.members.password_links import send_link
from services.members.standings.words import ENDED
from shared.service import RunningService
from shared.uow import UnitOfWork

BATCH = 100


def ask_for_link(uow: UnitOfWork, email: str, *, place: str) -> None:
    """Take down the wish. Raises TooManyAttempts by where it comes from, never by the address."""
    limits = throttle.request_limits(place)
    throttle.check(uow, limits)
    throttle.count(uow, limits)
    uow.add(PasswordRequestRow(email=email.strip().lower()[:320], asked_at=uow.now))


def answer_requests(running: RunningService) -> None:
    """Due work: mail the links that were asked for, to addresses that we know and not more than a few an hour."""
    for society in running.societies(at_work=True):
        while _waiting(running, society):
            with running.unit(society) as uow:
                _answer_some(uow, running.settings.public_url)


def _waiting(running: RunningService, society: str) -> bool:
    with running.unit(society, reading=True) as uow:
        return uow.session.scalars(sa.select(PasswordRequestRow.id).limit(1)).first() is not None


def _answer_some(uow: UnitOfWork, public_url: str) -> None:
    statement = sa.select(PasswordRequestRow).order_by(PasswordRequestRow.id).limit(BATCH).with_for_update()
    for request in uow.session.scalars(statement).all():
        uow.session.delete(request)
        _answer(uow, request.email, public_url)


def _answer(uow: UnitOfWork, email: str, public_url: str) -> None:
    """A corporate member whose letters go to a contact gets no link of its own: it would reach somebody else."""
    person = holder_of_email(uow, email)
    limits = throttle.mail_limits(email)
    if person is None or person.standing in ENDED or person.letters_to or throttle.is_over(uow, limits):
        return
    throttle.count(uow, limits)
    account = ensure_account(uow, person)
    if account.state == "active":
        send_link(uow, account, person, public_url=public_url, welcome=account.password_hash is None)
