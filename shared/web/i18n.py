"""Languages: Japanese and English, chosen by the reader; the same catalogues inside and outside requests."""

from __future__ import annotations

from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from babel.support import NullTranslations, Translations
from flask import Flask, current_app, g, redirect, request
from flask.typing import ResponseReturnValue
from flask_babel import Babel, get_locale
from werkzeug.wrappers import Response

from shared.web import access
from shared.web.asking import is_api, is_navigation
from shared.web.catalogues import compile_catalogues

LANGUAGES = {"ja": "日本語", "en": "English"}
DEFAULT = "ja"
COOKIE = "tsudoi_language"
THEMES = ("light", "dark", "auto")
THEME_COOKIE = "tsudoi_theme"
KIT = Path(__file__).parent / "translations"
YEAR = 365 * 24 * 3600


def translate(
    text: str, params: dict[str, Any] | None = None, language: str = DEFAULT, *, package: str | None = None
) -> str:
    """A sentence outside requests (letters, PDFs), from the catalogues of a service's package and of the kit."""
    found = _catalogue(package, language).ugettext(text)
    return found % params if params else found


def language() -> str:
    """The reader's language: `ja` or `en`."""
    locale = get_locale()
    return locale.language if locale and locale.language in LANGUAGES else DEFAULT


@lru_cache(maxsize=32)
def _catalogue(package: str | None, language: str) -> NullTranslations:
    merged: Any = NullTranslations()
    for folder in filter(None, (KIT, _translations_of(package))):
        compile_catalogues(folder)
        found = Translations.load(str(folder), [language])
        if isinstance(found, Translations):
            merged = merged.merge(found) if isinstance(merged, Translations) else found
    return merged  # type: ignore[no-any-return]


def _translations_of(package: str | None) -> Path | None:
    spec = find_spec(package) if package else None
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(next(iter(spec.submodule_search_locations))) / "translations"


def install(app: Flask, root: Path) -> None:
    folders = [KIT, root / "translations"]
    for folder in folders:
        compile_catalogues(folder)
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = ";".join(str(folder) for folder in folders if folder.is_dir())
    Babel(app, default_locale=DEFAULT, default_timezone="Asia/Tokyo", locale_selector=_choose, timezone_selector=_zone)
    app.before_request(_remember_choice)
    app.after_request(_keep_choice)
    app.context_processor(lambda: {"language": language(), "theme": theme(), "languages": LANGUAGES})


def theme() -> str:
    chosen = request.cookies.get(THEME_COOKIE, "auto")
    return chosen if chosen in THEMES else "auto"


def _choose() -> str:
    """Said in the address, chosen before in this browser, in the person's profile, by the browser's settings, Japanese.

    Programs have no cookie; what they accept comes before the profile."""
    if request.args.get("lang") in LANGUAGES:
        return str(request.args["lang"])
    accepted = request.accept_languages.best_match(list(LANGUAGES))
    if access.is_bearer() and accepted:
        return accepted
    if request.cookies.get(COOKIE) in LANGUAGES:
        return request.cookies[COOKIE]
    who = g.get("principal")
    if who is not None and who.language in LANGUAGES:
        return str(who.language)
    return accepted or DEFAULT


def _zone() -> str:
    society = g.get("society")
    return society.zone if society is not None else "Asia/Tokyo"


def _remember_choice() -> ResponseReturnValue | None:
    """`?lang=en` and `?theme=dark` on a page are kept in a cookie and leave the address."""
    chosen = {name: request.args.get(name) for name in ("lang", "theme")}
    if is_api() or not is_navigation() or not any(chosen.values()):
        return None
    rest = urlencode([(name, value) for name, value in request.args.items(multi=True) if name not in chosen])
    return redirect(request.path + (f"?{rest}" if rest else ""))


def _keep_choice(answer: Response) -> Response:
    if not is_navigation():
        return answer
    secure = bool(current_app.config["PUBLIC_URL_IS_HTTPS"])
    if request.args.get("lang") in LANGUAGES:
        answer.set_cookie(
            COOKIE, request.args["lang"], max_age=YEAR, path="/", httponly=True, samesite="Lax", secure=secure
        )
    if request.args.get("theme") in THEMES:
        answer.set_cookie(
            THEME_COOKIE, request.args["theme"], max_age=YEAR, path="/", httponly=True, samesite="Lax", secure=secure
        )
    return answer
