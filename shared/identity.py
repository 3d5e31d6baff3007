"""Who is asking: roles, principals, and short-lived tokens that members signs and every service verifies offline."""

from __future__ import annotations

import getpass
import hashlib
import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Any

import jwt
import sqlalchemy as sa
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from shared import clock
from shared.db import Id, KitBase, UtcDateTime
from shared.settings import load_public_keys

TOKEN_LIFETIME = timedelta(minutes=10)
AUDIENCE = "tsudoi"
AUDIENCE_OF_PROGRAMS = "tsudoi-api"  # a release that knows nothing of scopes refuses tokens that have them
ISSUER = "tsudoi/members"
TOKENS_KNOWN = 10_000  # per process
ALGORITHMS = ["EdDSA"]  # fixed: what the token's header claims decides nothing


class Role(StrEnum):
    """What somebody may be within a society (operator: within the installation)."""

    APPLICANT = "applicant"
    MEMBER = "member"
    CONTACT = "contact"  # corporate contact 連絡者
    GUEST = "guest"  # 非会員
    ORGANISER = "organiser"  # イベント担当者
    ADMINISTRATOR = "administrator"  # 管理者
    AFFAIRS = "affairs"  # 会員担当
    ACCOUNTING = "accounting"  # 会計担当
    EVENTS = "events"  # イベント担当（事務局）
    READER = "reader"  # 閲覧のみ
    OPERATOR = "operator"


STAFF = frozenset({Role.ADMINISTRATOR, Role.AFFAIRS, Role.ACCOUNTING, Role.EVENTS, Role.READER})
PAYERS = frozenset({Role.MEMBER, Role.CONTACT, Role.GUEST, Role.APPLICANT})


@dataclass(frozen=True, kw_only=True)
class Actor:
    """By whom a change is made; goes into the audit trail.

    `kind`: person | integration | system | message | provider."""

    kind: str = "system"
    id: str | None = None
    name: str = ""

    @classmethod
    def at_terminal(cls, command: str) -> Actor:
        """Whoever runs a command on a machine of the installation."""
        return cls(kind="person", name=f"{getpass.getuser()} ({command})")


SYSTEM = Actor()


@dataclass(frozen=True, kw_only=True)
class Principal:
    """A logged-in account, or another program of the society 外部連携, which has `scopes` (`billing:read`)
    besides its roles."""

    account_id: str
    session_id: str
    society_id: str | None
    person_id: str | None  # for whom they are on My Page: of a contact, the corporate member
    roles: frozenset[Role]
    name: str = ""
    language: str = "ja"
    scopes: frozenset[str] | None = None

    @property
    def is_staff(self) -> bool:
        return bool(self.roles & STAFF)

    def may(self, *allowed: Role) -> bool:
        return bool(self.roles & set(allowed))

    @property
    def actor(self) -> Actor:
        kind = "person" if self.scopes is None else "integration"
        return Actor(kind=kind, id=self.account_id, name=self.name)


def make_keys(folder: Path) -> tuple[Path, Path]:
    """The key pair of an installation, made once: (private PEM, readable by its owner only; public PEM)."""
    private, public = folder / "token-private.pem", folder / "token-public.pem"
    if not private.exists():
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        key = Ed25519PrivateKey.generate()
        fresh = folder / "token-private.new"
        fresh.touch(mode=0o600)
        fresh.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        public.write_bytes(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
        fresh.rename(private)
    return private, public


class TokenRefused(Exception):
    """Forged, expired, for somebody else, or of an ended session: all the same to the bearer."""


def sign_token(principal: Principal, private_pem: bytes, lifetime: timedelta = TOKEN_LIFETIME) -> str:
    """A token for one principal. Only members has the key. It names its key, so that two may be in use at a time."""
    key, kid = _signing_key(private_pem)
    now = clock.now()
    claims: dict[str, Any] = {
        "iss": ISSUER,
        "aud": AUDIENCE if principal.scopes is None else AUDIENCE_OF_PROGRAMS,
        "sub": principal.account_id,
        "sid": principal.session_id,
        "soc": principal.society_id,
        "per": principal.person_id,
        "rol": sorted(principal.roles),
        "nam": principal.name,
        "lan": principal.language,
        "iat": now,
        "exp": now + lifetime,
    }
    if principal.scopes is not None:
        claims["sco"] = sorted(principal.scopes)
    return jwt.encode(claims, key, algorithm=ALGORITHMS[0], headers={"typ": "at+jwt", "kid": kid})


class TokenReader:
    """Reads tokens with the public keys of a PEM file; what was verified once is known by its digest until it expires.

    Threads share it. Whether a token's session has ended is asked elsewhere, each time."""

    def __init__(self, public_pem: bytes) -> None:
        self._keys = public_keys(public_pem)
        self._known: OrderedDict[bytes, tuple[float, Principal]] = OrderedDict()
        self._lock = threading.Lock()

    def read(self, token: str) -> Principal:
        """The principal in a token. Raises TokenRefused."""
        digest = hashlib.sha256(token.encode()).digest()
        known = self._known.get(digest)
        if known is None:
            known = _verify(token, self._keys)
            with self._lock:
                self._known[digest] = known
                if len(self._known) > TOKENS_KNOWN:
                    self._known.popitem(last=False)
        expires, principal = known
        if expires <= clock.now().timestamp():  # our clock, which tests move, not the library's
            with self._lock:
                self._known.pop(digest, None)
            raise TokenRefused
        return principal


def public_keys(pem: bytes) -> dict[str, Any]:
    """All of a file, by the names that tokens call them. Raises ValueError."""
    return {_name_of(key): key for key in load_public_keys(pem)}


def is_pair(private_pem: bytes, public_pem: bytes) -> bool:
    """Can what the one signs be verified with the other? Raises ValueError where a file holds no such key."""
    try:
        return _signing_key(private_pem)[1] in public_keys(public_pem)
    except (TypeError, UnsupportedAlgorithm) as error:
        raise ValueError from error


@lru_cache(maxsize=4)
def _signing_key(private_pem: bytes) -> tuple[Any, str]:
    key = load_pem_private_key(private_pem, password=None)
    return key, _name_of(key.public_key())


def _name_of(key: Any) -> str:
    return hashlib.sha256(key.public_bytes(Encoding.Raw, PublicFormat.Raw)).hexdigest()[:16]


def _verify(token: str, keys: Mapping[str, Any]) -> tuple[float, Principal]:
    """When it expires, and whom it names. A token of an older release names no key: the first one's."""
    try:
        key = keys[jwt.get_unverified_header(token).get("kid", next(iter(keys)))]
        claims: dict[str, Any] = jwt.decode(
            token,
            key,
            algorithms=ALGORITHMS,
            audience=[AUDIENCE, AUDIENCE_OF_PROGRAMS],
            issuer=ISSUER,
            options={"require": ["exp", "iat", "iss", "aud", "sub", "sid"], "verify_exp": False, "verify_iat": False},
        )
        if ("sco" in claims) != (claims["aud"] == AUDIENCE_OF_PROGRAMS):
            raise TokenRefused
        return float(claims["exp"]), Principal(
            account_id=claims["sub"],
            session_id=claims["sid"],
            society_id=claims.get("soc"),
            person_id=claims.get("per"),
            roles=frozenset(Role(role) for role in claims.get("rol", ())),
            name=claims.get("nam", ""),
            language=claims.get("lan", "ja"),
            scopes=frozenset(claims["sco"]) if "sco" in claims else None,
        )
    except (jwt.InvalidTokenError, ValueError, TypeError, KeyError) as error:
        raise TokenRefused from error


class EndedSession(KitBase):
    """Sessions whose tokens are refused although not expired yet (SessionsEnded). Kept while such tokens can live."""

    __tablename__ = "ended_sessions"

    session_id: Mapped[str] = mapped_column(Id, primary_key=True)
    ended_at: Mapped[datetime] = mapped_column(UtcDateTime)


def end_sessions(session: Session, session_ids: Iterable[str], ended_at: datetime) -> None:
    """Remember that these sessions are over; twice is as good as once. Forgets those whose tokens have all expired."""
    session.execute(sa.delete(EndedSession).where(EndedSession.ended_at < clock.now() - 2 * TOKEN_LIFETIME))
    for session_id in session_ids:
        session.merge(EndedSession(session_id=session_id, ended_at=ended_at))
