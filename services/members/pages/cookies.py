"""The cookies of a login: the token that every service reads, the secret that renews it, a hint that there is one."""

from __future__ import annotations

from flask import current_app, session
from werkzeug.wrappers import Response

from services.members.logins import BETWEEN, HalfOpened
from services.members.sessions import LONGEST, Opened
from services.members.settings import MembersSettings
from shared.identity import TOKEN_LIFETIME, Principal, sign_token
from shared.web.access import HINT_COOKIE, TOKEN_COOKIE, running_service

LOGIN_COOKIE = "tsudoi_login"  # opaque; sent to members only
HALF_COOKIE = "tsudoi_half"  # the password was right, the code is to follow
LOGIN_PATH = "/members"


def give_session(answer: Response, opened: Opened) -> Response:
    """After a login. What the browser's form session held before is gone, its CSRF token included."""
    session.clear()
    answer.delete_cookie(HALF_COOKIE, path=LOGIN_PATH, secure=_secure(), httponly=True, samesite="Lax")
    _set(answer, LOGIN_COOKIE, opened.cookie, path=LOGIN_PATH, seconds=int(LONGEST.total_seconds()))
    return give_token(answer, opened.principal)


def give_token(answer: Response, who: Principal) -> Response:
    settings = running_service().settings
    assert isinstance(settings, MembersSettings)
    token = sign_token(who, settings.token_key.read_bytes())
    _set(answer, TOKEN_COOKIE, token, path="/", seconds=int(TOKEN_LIFETIME.total_seconds()))
    _set(answer, HINT_COOKIE, "1", path="/", seconds=int(LONGEST.total_seconds()))
    return answer


def give_half(answer: Response, half: HalfOpened) -> Response:
    """Between the password and the code."""
    _set(answer, HALF_COOKIE, half.cookie, path=LOGIN_PATH, seconds=int(BETWEEN.total_seconds()))
    return answer


def take_all(answer: Response) -> Response:
    session.clear()
    for name, path in ((TOKEN_COOKIE, "/"), (HINT_COOKIE, "/"), (LOGIN_COOKIE, LOGIN_PATH)):
        answer.delete_cookie(name, path=path, secure=_secure(), httponly=True, samesite="Lax")
    return answer


def _set(answer: Response, name: str, value: str, *, path: str, seconds: int) -> None:
    answer.set_cookie(name, value, max_age=seconds, path=path, httponly=True, secure=_secure(), samesite="Lax")


def _secure() -> bool:
    return bool(current_app.config["PUBLIC_URL_IS_HTTPS"])
