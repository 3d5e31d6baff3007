"""No other site can make a browser act here: a token in every form, and the browser's word on where it comes from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import urlsplit

from flask import Blueprint, Flask, current_app, request
from flask_wtf.csrf import CSRFError, CSRFProtect

from shared.errors import N_, Kind, TsudoiError
from shared.web.access import TOKEN_COOKIE, is_bearer, running_service
from shared.web.asking import is_api

UNSAFE = ("POST", "PUT", "PATCH", "DELETE")

Marked = TypeVar("Marked", bound=Callable[..., Any] | Blueprint)


class CameFromElsewhere(TsudoiError):
    kind = Kind.FORBIDDEN
    text = N_(
        "This came from another site, or the page was open for too long. "
        "Please load the page again and repeat the step."
    )


def signed_by_provider(marked: Marked) -> Marked:
    """For webhooks: a view or blueprint that checks a signature itself, so that no browser's cookie ever counts."""
    marked.tsudoi_signed_by_provider = True  # type: ignore[union-attr]
    return marked


def install(app: Flask) -> None:
    app.config.update(WTF_CSRF_CHECK_DEFAULT=False, WTF_CSRF_TIME_LIMIT=None, WTF_CSRF_SSL_STRICT=False)
    protect = CSRFProtect(app)

    @app.before_request
    def _protect() -> None:
        if request.method not in UNSAFE or request.url_rule is None or _is_signed() or is_bearer():
            return
        if not _comes_from_here():
            raise CameFromElsewhere
        if is_api() and TOKEN_COOKIE not in request.cookies:
            return  # nobody's authority could be abused
        try:
            protect.protect()
        except CSRFError as error:
            raise CameFromElsewhere from error


def _is_signed() -> bool:
    view = current_app.view_functions[request.endpoint or ""]
    view = getattr(view, "view_class", view)
    blueprint = current_app.blueprints.get(request.blueprint or "")
    return any(getattr(each, "tsudoi_signed_by_provider", False) for each in (view, blueprint))


def _comes_from_here() -> bool:
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
        return False
    origin = request.headers.get("Origin")
    if origin is None:
        return True
    ours = {urlsplit(running_service().settings.public_url).netloc, request.host}
    return urlsplit(origin).netloc in ours
