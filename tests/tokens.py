"""Tokens as members would issue them, for whoever a test needs."""

from __future__ import annotations

from datetime import timedelta

from shared.identity import TOKEN_LIFETIME, Principal, Role, sign_token
from shared.ids import new_id


def token_of(
    private_pem: bytes,
    *roles: Role,
    society: str,
    person: str | None = None,
    account: str | None = None,
    session: str | None = None,
    name: str = "事務局 花子",
    language: str = "ja",
    lifetime: timedelta = TOKEN_LIFETIME,
) -> str:
    """Of somebody with these roles. No account stands behind it, unless one is named."""
    who = Principal(
        account_id=account or new_id(),
        session_id=session or new_id(),
        society_id=society,
        person_id=person,
        roles=frozenset(roles),
        name=name,
        language=language,
    )
    return sign_token(who, private_pem, lifetime)
