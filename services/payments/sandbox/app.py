"""The sandbox as a Flask application of its own; all its addresses begin with /sandbox."""

from __future__ import annotations

from pathlib import Path

from flask import Flask, Response, redirect, request
from flask.typing import ResponseReturnValue
from flask_babel import Babel, get_locale
from sqlalchemy.exc import DBAPIError

from services.payments.sandbox.api import api
from services.payments.sandbox.card_pages import card_pages
from services.payments.sandbox.counter_pages import counter_pages
from services.payments.sandbox.sandbox import Sandbox
from shared.trouble import database_is_down
from shared.web.catalogues import compile_catalogues
from shared.web.i18n import KIT

HERE = Path(__file__).parent
LANGUAGES = ("ja", "en")
LANGUAGE_COOKIE = "tsudoi_sandbox_language"
POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action *; base-uri 'none'; frame-ancestors 'none'"
)


def create_sandbox(home: Path, secret: str, public_url: str = "") -> Flask:
    """The sandbox with its data in `home`/sandbox.db, sending notices from now on; `app.extensions["close"]()` ends it.

    `public_url`: where browsers find /sandbox; empty: where the call that creates a charge found it."""
    app = Flask(
        __name__,
        static_folder=str(HERE / "static"),
        static_url_path="/sandbox/static",
        template_folder=str(HERE / "templates"),
    )
    catalogues = (KIT, HERE.parent / "translations")
    for folder in catalogues:
        compile_catalogues(folder)
    app.config.update(BABEL_TRANSLATION_DIRECTORIES=";".join(map(str, catalogues)), MAX_CONTENT_LENGTH=256 * 1024)
    Babel(app, default_locale="ja", default_timezone="Asia/Tokyo", locale_selector=_language)
    sandbox = Sandbox(home, secret, public_url)
    app.extensions["sandbox"] = sandbox
    app.extensions["close"] = sandbox.close
    app.jinja_env.filters["yen"] = lambda amount: f"¥{amount:,}"
    app.context_processor(lambda: {"language": str(get_locale())})
    for blueprint in (api, card_pages, counter_pages):
        app.register_blueprint(blueprint)
    app.register_error_handler(DBAPIError, _not_now)
    app.before_request(_switch_language)
    app.after_request(_secure)
    return app


def _language() -> str:
    chosen = request.cookies.get(LANGUAGE_COOKIE)
    return chosen if chosen in LANGUAGES else request.accept_languages.best_match(LANGUAGES) or "ja"


def _switch_language() -> ResponseReturnValue | None:
    chosen = request.args.get("lang")
    if request.method != "GET" or chosen not in LANGUAGES:
        return None
    answer = redirect(request.path)
    answer.set_cookie(LANGUAGE_COOKIE, chosen, max_age=31_536_000, path="/sandbox", samesite="Lax")
    return answer


def _not_now(error: DBAPIError) -> ResponseReturnValue:
    """As a provider's gateway answers while its database, or its disk, takes nothing: nothing was done."""
    if not database_is_down(error):
        raise error
    return "The sandbox can't store anything just now.\n", 503, {"Retry-After": "5", "Content-Type": "text/plain"}


def _secure(answer: Response) -> Response:
    answer.headers.setdefault("Content-Security-Policy", POLICY)
    answer.headers.setdefault("X-Content-Type-Options", "nosniff")
    answer.headers.setdefault("Referrer-Policy", "no-referrer")
    answer.headers.setdefault("Cache-Control", "no-store")
    return answer
