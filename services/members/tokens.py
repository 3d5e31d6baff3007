"""Tokens in links, mailed or shown as a QR: they carry the society, so that it can be looked up before anybody is
known; only a token's digest is stored."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
import uuid
from datetime import datetime, timedelta

from services.members.errors.links import LinkExpired, LinkSuperseded, LinkTruncated, LinkUnusable

VALID = timedelta(hours=24)  # of every mailed link
TOKEN_LENGTH = 64
_SECRET_BYTES = 32
Keys = tuple[str, ...]  # the installation's secrets: what is made or sealed with the first may be opened with each


def make_token(society_id: str) -> str:
    """64 characters: the society (16 bytes) and a secret of 256 bits."""
    return _token(society_id, secrets.token_bytes(_SECRET_BYTES))


def derive_token(society_id: str, key: str, id: str) -> str:
    """The same each time for one id, so that what is stored need not hold it; nobody makes it without the key."""
    return _token(society_id, hmac.digest(key.encode(), f"code/{id}".encode(), "sha256"))


def _token(society_id: str, secret: bytes) -> str:
    return base64.urlsafe_b64encode(uuid.UUID(society_id).bytes + secret).decode()


def society_of_token(token: str) -> str:
    """Raises LinkTruncated for a token that lost characters, LinkUnusable for one that never was a token."""
    if len(token) < TOKEN_LENGTH:
        raise LinkTruncated
    try:
        raw = base64.b64decode(token, altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise LinkUnusable from error
    if len(token) > TOKEN_LENGTH:
        raise LinkUnusable
    return str(uuid.UUID(bytes=raw[:16]))


def refuse_if_over(superseded_at: datetime | None, expires_at: datetime, now: datetime) -> None:
    """What ends every mailed link, apart from its use. Raises LinkSuperseded, LinkExpired."""
    if superseded_at:
        raise LinkSuperseded
    if expires_at <= now:
        raise LinkExpired


def digest(secret: str) -> str:
    """What is stored of a secret that only its bearer knows."""
    return hashlib.sha256(secret.encode()).hexdigest()
