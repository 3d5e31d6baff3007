"""The mailed link of an application (M1, S7): valid 24 hours, once, and only the newest of an address."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa

from services.members import throttle
from services.members.applications.pending import IS_OPEN
from services.members.applications.terms import terms_in_force
from services.members.errors.applications import AlreadySent, NoTerms, TermsChanged
from services.members.errors.links import ApplicationSent, ApplicationVoided, LinkUnusable
from services.members.members import holder_of_email
from services.members.models import ApplicationRow
from services.members.tokens import VALID, digest, make_token, refuse_if_over
from shared import audit
from shared.messages.members import ApplicationStarted
from shared.uow import UnitOfWork

KEEP = timedelta(days=30)  # a link that expired goes on saying so for as long


def start_application(uow: UnitOfWork, *, email: str, language: str, edition: int, place: str, public_url: str) -> None:
    """Somebody has accepted the terms: mail them the link. Whose address is known gets another letter instead, and
    neither the page nor its time tells which (S6). Raises TooManyAttempts (by where it comes from), NoTerms,
    TermsChanged."""
    here, to = throttle.request_limits(place), throttle.mail_limits(email)
    throttle.check(uow, here)
    throttle.count(uow, here)
    terms = terms_in_force(uow)
    if terms is None:
        raise NoTerms
    if terms.edition != edition:
        raise TermsChanged
    if throttle.is_over(uow, to):
        return  # whoever fills somebody's mailbox learns nothing from it
    throttle.count(uow, to)
    holder = holder_of_email(uow, email)
    void = sa.update(ApplicationRow).where(ApplicationRow.email == email, *IS_OPEN)
    uow.session.execute(void.values(superseded_at=uow.now), execution_options={"synchronize_session": False})
    token = make_token(str(uow.society_id))
    row = uow.add(
        ApplicationRow(
            secret=digest(token),
            email=email,
            language=language,
            terms_id=terms.id,
            started_at=uow.now,
            expires_at=uow.now + VALID,
            known=holder is not None,
        )
    )
    uow.session.flush()
    uow.say(
        ApplicationStarted(
            application_id=row.id,
            email=email,
            language=language,
            link="" if holder else f"{public_url.rstrip('/')}/members/apply/{token}",
            expires_at=row.expires_at,
            known=holder.standing if holder else "",
        )
    )


def look_at_application(uow: UnitOfWork, token: str, *, lock: bool = False) -> ApplicationRow:
    """One that can be sent. Raises the LinkUnusable that says what is wrong. Changes nothing."""
    statement = sa.select(ApplicationRow).where(ApplicationRow.secret == digest(token), ~ApplicationRow.known)
    row = uow.session.scalars(statement.with_for_update() if lock else statement).one_or_none()
    if row is None:
        raise LinkUnusable
    if row.sent_at:
        raise ApplicationSent
    if row.voided_at:
        raise ApplicationVoided
    refuse_if_over(row.superseded_at, row.expires_at, uow.now)
    return row


def void_application(uow: UnitOfWork, id: str) -> ApplicationRow:
    """Staff take a link back, so that they can go on by proxy at once (M4+). Raises NotFound, AlreadySent."""
    row = uow.get(ApplicationRow, id, lock=True)
    if row.sent_at:
        raise AlreadySent
    if not row.voided_at:
        row.voided_at = uow.now
        audit.record(uow, "void-application", f"application/{row.id}", before={"email": row.email})
    return row


def forget_old_applications(uow: UnitOfWork) -> None:
    """Due work: links that were never used, a month after they expired."""
    old = sa.delete(ApplicationRow).where(ApplicationRow.sent_at.is_(None), ApplicationRow.expires_at < uow.now - KEEP)
    uow.session.execute(old, execution_options={"synchronize_session": False})
