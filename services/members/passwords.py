"""Passwords: argon2id hashes that nobody can read back (M11), and what a password must be like."""

from __future__ import annotations

import threading
import unicodedata

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from services.members.errors.logins import PasswordTooWeak
from shared.errors import N_, Fault

SHORTEST = 10
LONGEST = 200
_hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)  # OWASP's lower bound: 19 MiB, 2 passes
# Of a password that was thrown away; verified when there is no account, so that this takes as long.
_NOBODYS = "$argon2id$v=19$m=19456,t=2,p=1$1eBiniYM6AApKQ7ea87xKg$ApjfK3/PAkTWu8Pc5eJyW88eFSU3qJnWJztFePMTQog"
_memory = threading.BoundedSemaphore(4)


def hash_password(password: str) -> str:
    with _memory:
        return _hasher.hash(_fold(password))


def is_right(password: str, stored: str | None) -> bool:
    """Takes as long when there is no such account (`stored` is None) as for a wrong password (S6)."""
    with _memory:
        try:
            _hasher.verify(stored or _NOBODYS, _fold(password[:LONGEST]))
        except (VerificationError, InvalidHashError):
            return False
    return stored is not None


def check_strength(password: str, email: str | None) -> None:
    """Raises PasswordTooWeak, saying what is wanted."""
    folded = _fold(password).casefold()
    if len(_fold(password)) < SHORTEST:
        _refuse(N_("Please use at least %(least)s characters."), least=SHORTEST)
    if len(password) > LONGEST:
        _refuse(N_("Please use at most %(most)s characters."), most=LONGEST)
    address = (email or "").casefold()
    if address and folded in (address, address.partition("@")[0]):
        _refuse(N_("The password must not be your e-mail address."))
    if len(set(folded)) < 4:
        _refuse(N_("Please use at least four different characters."))


def _refuse(text: str, **params: object) -> None:
    raise PasswordTooWeak(faults=[Fault(text, params, "password")])


def _fold(password: str) -> str:
    """The same password whether it was typed in half or full width (NIST SP 800-63B: normalise before hashing)."""
    return unicodedata.normalize("NFKC", password)
