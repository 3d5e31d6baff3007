"""How often somebody may fail (S10): per account and place, per place, per account; counted in the database, so that
it holds over all processes. A locked account can always be opened again by a mailed link."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from services.members.errors.logins import TooManyAttempts, TooManyCodes, TooManyDownloads, TooManyRequests
from services.members.models import AttemptsRow
from shared.ids import new_id
from shared.uow import UnitOfWork

OWN_DATA_AN_HOUR = 5


@dataclass(frozen=True)
class Limit:
    """At most `count` in `window` for what `key` stands for."""

    key: str
    count: int
    window: timedelta
    error: type[TooManyAttempts] = TooManyAttempts


def login_limits(email: str, place: str) -> Sequence[Limit]:
    return (
        Limit(_key("login", email, place), 10, timedelta(minutes=15)),
        Limit(_key("login-from", place), 300, timedelta(minutes=15)),
        *account_limits(email),
    )


def account_limits(email: str) -> Sequence[Limit]:
    """What a new password clears."""
    return (Limit(_key("login-as", email), 100, timedelta(hours=1)),)


def code_limits(account_id: str) -> Sequence[Limit]:
    """Of the second step: a million codes, of which three are right."""
    return (Limit(_key("code-of", account_id), 10, timedelta(minutes=15), TooManyCodes),)


def request_limits(place: str) -> Sequence[Limit]:
    return (Limit(_key("request-from", place), 60, timedelta(hours=1), TooManyRequests),)


def mail_limits(email: str) -> Sequence[Limit]:
    return (Limit(_key("mail-to", email), 5, timedelta(hours=1)),)


def new_email_limits(account_id: str, email: str) -> Sequence[Limit]:
    """Counted apart from what anybody can ask for: otherwise one would tell about the other."""
    return (
        Limit(_key("new-email-of", account_id), 10, timedelta(hours=1), TooManyRequests),
        Limit(_key("new-email-to", email), 5, timedelta(hours=1), TooManyRequests),
    )


def own_data_limits(account_id: str) -> Sequence[Limit]:
    """Each reads through the whole database, and is a copy of everything."""
    return (Limit(_key("own-data-of", account_id), OWN_DATA_AN_HOUR, timedelta(hours=1), TooManyDownloads),)


def verification_limits(place: str) -> Sequence[Limit]:
    """Codes of cards and certificates that are not valid: those that are do not count."""
    return (Limit(_key("code-from", place), 60, timedelta(minutes=15), TooManyRequests),)


def key_limits(place: str) -> Sequence[Limit]:
    """Keys of other programs that are not valid."""
    return (Limit(_key("key-from", place), 60, timedelta(minutes=15), TooManyRequests),)


def address_limits(asking: str) -> Sequence[Limit]:
    """Addresses of postal codes, by whoever asks or by where it comes from: a form asks a few times."""
    return (Limit(_key("address-for", asking), 120, timedelta(minutes=15), TooManyRequests),)


def is_over(uow: UnitOfWork, limits: Sequence[Limit]) -> Limit | None:
    """The limit that is reached, if one is."""
    rows = uow.session.scalars(sa.select(AttemptsRow).where(AttemptsRow.key.in_([limit.key for limit in limits])))
    counts = {row.key: row for row in rows}
    for limit in limits:
        row = counts.get(limit.key)
        if row and row.count >= limit.count and row.since > uow.now - limit.window:
            return limit
    return None


def check(uow: UnitOfWork, limits: Sequence[Limit]) -> None:
    """Raises TooManyAttempts."""
    limit = is_over(uow, limits)
    if limit:
        seconds = int(limit.window.total_seconds())
        raise limit.error(minutes=seconds // 60, seconds=seconds)


def count(uow: UnitOfWork, limits: Sequence[Limit]) -> None:
    """One more, in one statement: two processes at once both count."""
    insert = (postgresql if uow.session.connection().dialect.name == "postgresql" else sqlite).insert(AttemptsRow)
    for limit in limits:
        old = AttemptsRow.since <= uow.now - limit.window
        values = {"id": new_id(), "society_id": uow.society_id, "key": limit.key, "count": 1, "since": uow.now}
        uow.session.execute(
            insert.values(**values).on_conflict_do_update(
                index_elements=["society_id", "key"],
                set_={
                    "count": sa.case((old, 1), else_=AttemptsRow.count + 1),
                    "since": sa.case((old, sa.literal(uow.now, AttemptsRow.since.type)), else_=AttemptsRow.since),
                },
            )
        )


def forgive(uow: UnitOfWork, limits: Sequence[Limit]) -> None:
    keys = [limit.key for limit in limits]
    uow.session.execute(
        sa.delete(AttemptsRow).where(AttemptsRow.key.in_(keys)), execution_options={"synchronize_session": False}
    )


def forget_old_attempts(uow: UnitOfWork) -> None:
    """Due work: counts that matter no more."""
    old = sa.delete(AttemptsRow).where(AttemptsRow.since < uow.now - timedelta(hours=2))
    uow.session.execute(old, execution_options={"synchronize_session": False})


def _key(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).casefold().encode()).hexdigest()
