"""The second step of a login 二段階認証: codes of an authenticator app (TOTP, RFC 6238), spare codes, and who needs it.

The secret of an app is stored sealed: a copy of the database alone makes no codes."""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Sequence

import pyotp
import sqlalchemy as sa
from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from services.members import throttle
from services.members.errors.logins import AppOfOtherKeys, OwnSecondFactorFirst, WrongCode
from services.members.login_policy import factor_of, is_confirmed, staff_need_factor
from services.members.models import AccountRow, LoginPolicyRow, SecondFactorRow, SpareCodeRow
from services.members.sessions import end_all_sessions
from services.members.tokens import Keys, digest
from shared import audit, clock
from shared.errors import NotFound
from shared.identity import Actor
from shared.service import RunningService
from shared.uow import UnitOfWork

STEP = 30  # seconds
EITHER_WAY = 1  # steps by which the clock of a phone may be wrong
SPARE_CODES = 10
_GROUPS, _LENGTH = 4, 4  # of a spare code: 80 bits


def spare_codes_left(uow: UnitOfWork, account_id: str) -> int:
    left = sa.select(sa.func.count()).where(SpareCodeRow.account_id == account_id, SpareCodeRow.used_at.is_(None))
    return uow.session.scalar(left) or 0


def begin_set_up(uow: UnitOfWork, account_id: str, keys: Keys) -> str:
    """A new secret for the app, in base32: whoever began before and copied theirs has nothing of it. Raises
    NotFound where an app is confirmed already."""
    row = uow.session.get(SecondFactorRow, account_id, with_for_update=True)
    if row is not None and row.confirmed_at:
        raise NotFound
    secret = pyotp.random_base32()
    if row is None:
        uow.add(SecondFactorRow(account_id=account_id, sealed=_seal(secret, keys)))
    else:
        row.sealed = _seal(secret, keys)
    return secret


def begun_set_up(uow: UnitOfWork, account_id: str, keys: Keys) -> str:
    """The secret that waits for its first code. Raises NotFound."""
    row = uow.session.get(SecondFactorRow, account_id)
    secret = _open(row.sealed, keys) if row and not row.confirmed_at else None
    if secret is None:
        raise NotFound
    return secret


def confirm_set_up(uow: UnitOfWork, account_id: str, code: str, keys: Keys) -> Sequence[str]:
    """The app has made its first code: from now on each login asks for one. Returns the spare codes, told once.

    All other sessions end with that, which the caller does. Raises WrongCode."""
    row = uow.session.get(SecondFactorRow, account_id, with_for_update=True)
    if row is None or row.confirmed_at or not _take(row, code, keys):
        raise WrongCode.in_field()
    row.confirmed_at = uow.now
    uow.session.flush()
    audit.record(uow, "add-second-factor", f"account/{account_id}")
    return make_spare_codes(uow, account_id)


def make_spare_codes(uow: UnitOfWork, account_id: str) -> Sequence[str]:
    """New ones; the older ones count no more. Raises NotFound where there is no app."""
    row = uow.session.get(SecondFactorRow, account_id, with_for_update=True)
    if row is None or not row.confirmed_at:
        raise NotFound
    _forget_spare_codes(uow, account_id)
    audit.record(uow, "make-spare-codes", f"account/{account_id}")
    codes = [_spare_code() for _ in range(SPARE_CODES)]
    for code in codes:
        uow.add(SpareCodeRow(account_id=account_id, digest=digest(f"{account_id} {_plain(code)}")))
    return codes


def check_code(running: RunningService, society_id: str, account_id: str, code: str) -> None:
    """Of the app, or a spare one; each counts once. Raises WrongCode, AppOfOtherKeys, TooManyAttempts."""
    limits, keys = throttle.code_limits(account_id), running.settings.secrets
    with running.unit(society_id) as uow:
        row = uow.session.get(SecondFactorRow, account_id, with_for_update=True)
        throttle.check(uow, limits)  # behind the lock: many at once are counted one after the other
        right = (
            row is not None
            and row.confirmed_at is not None
            and (_take(row, code, keys) or _take_spare(uow, account_id, code))
        )
        (throttle.forgive if right else throttle.count)(uow, limits)
    if not right and row is not None and _open(row.sealed, keys) is None:
        raise AppOfOtherKeys
    if not right:
        raise WrongCode.in_field()


def remove_factor(uow: UnitOfWork, account_id: str, *, but: str | None = None) -> None:
    """Also what is being set up. All sessions end, except perhaps one."""
    row = uow.session.get(SecondFactorRow, account_id, with_for_update=True)
    if row is None:
        return
    if row.confirmed_at:
        audit.record(uow, "remove-second-factor", f"account/{account_id}")
        end_all_sessions(uow, [account_id], but=but)
    _forget_spare_codes(uow, account_id)
    uow.session.delete(row)


def set_policy(uow: UnitOfWork, *, staff_need_second_factor: bool, by: Actor) -> None:
    """Whoever asks it of the others has one. Raises OwnSecondFactorFirst."""
    if staff_need_second_factor and not (by.id and factor_of(uow, by.id)):
        raise OwnSecondFactorFirst
    before = staff_need_factor(uow)
    if before == staff_need_second_factor:
        return
    row = uow.session.get(LoginPolicyRow, uow.society_id, with_for_update=True) or uow.add(LoginPolicyRow())
    row.staff_need_second_factor = staff_need_second_factor
    audit.record(
        uow,
        "change-login-policy",
        "login-policy",
        before={"staff_need_second_factor": before},
        after={"staff_need_second_factor": staff_need_second_factor},
    )
    if staff_need_second_factor:
        without = sa.select(AccountRow.id).where(
            AccountRow.is_staff, AccountRow.id.not_in(sa.select(SecondFactorRow.account_id).where(is_confirmed()))
        )
        end_all_sessions(uow, uow.session.scalars(without).all())


def _take(row: SecondFactorRow, code: str, keys: Keys) -> bool:
    secret = _open(row.sealed, keys)
    given = "".join(code.split())
    if secret is None or len(given) != 6:
        return False
    app, now = pyotp.TOTP(secret, interval=STEP), int(clock.outside().timestamp()) // STEP
    for step in range(now - EITHER_WAY, now + EITHER_WAY + 1):
        if step > row.last_step and secrets.compare_digest(app.at(step * STEP).encode(), given.encode()):
            row.last_step = step
            row.sealed = _seal(secret, keys)  # with the newest secret of the installation
            return True
    return False


def _take_spare(uow: UnitOfWork, account_id: str, code: str) -> bool:
    which = SpareCodeRow.digest == digest(f"{account_id} {_plain(code)}")
    statement = sa.select(SpareCodeRow).where(which, SpareCodeRow.used_at.is_(None)).with_for_update()
    row = uow.session.scalars(statement).one_or_none()
    if row is None:
        return False
    row.used_at = uow.now
    audit.record(uow, "use-spare-code", f"account/{account_id}")
    return True


def _forget_spare_codes(uow: UnitOfWork, account_id: str) -> None:
    uow.session.execute(sa.delete(SpareCodeRow).where(SpareCodeRow.account_id == account_id))


def _spare_code() -> str:
    text = base64.b32encode(secrets.token_bytes(10)).decode().lower()
    return "-".join(text[start : start + _LENGTH] for start in range(0, _GROUPS * _LENGTH, _LENGTH))


def _plain(code: str) -> str:
    return "".join(character for character in code.casefold() if character.isalnum())


def _seal(secret: str, keys: Keys) -> str:
    return _box(keys).encrypt(secret.encode()).decode()


def _open(sealed: str, keys: Keys) -> str | None:
    """None where the installation's secrets are others than at the time: the app must be set up anew."""
    try:
        return _box(keys).decrypt(sealed.encode()).decode()
    except InvalidToken:
        return None


def _box(keys: Keys) -> MultiFernet:
    """The first key seals, all of them open."""
    digests = (hashlib.sha256(f"second factor {key}".encode()).digest() for key in keys)
    return MultiFernet([Fernet(base64.urlsafe_b64encode(found)) for found in digests])
