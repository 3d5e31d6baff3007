"""One Flask application per service, made from its wiring: pages, API, errors, access, languages, observability."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from flask import Flask
from jinja2 import ChoiceLoader, FileSystemLoader

from shared.service import RunningService
from shared.web import (
    access,
    again,
    api,
    assets,
    auditing,
    crowding,
    csrf,
    filters,
    forms,
    headers,
    health,
    i18n,
    kit_page,
    navigation,
    observing,
    operating,
    problems,
    streams,
)

HERE = Path(__file__).parent


def create_app(running: RunningService) -> Flask:
    """The web application of a running service. A route whose access is not declared answers 403, always."""
    root = _package_folder(running.service.package)
    app = Flask(running.service.package, static_folder=None, template_folder=None, root_path=str(root))
    app.jinja_loader = ChoiceLoader([FileSystemLoader(root / "templates"), FileSystemLoader(HERE / "templates")])
    app.extensions["tsudoi"] = running
    _configure(app, running)
    again.install(app)
    observing.install(app)
    crowding.install(app)
    problems.install(app)
    i18n.install(app, root)
    access.install(app)
    csrf.install(app)
    headers.install(app)
    assets.install(app, root)
    filters.install(app)
    forms.install(app)
    navigation.install(app)
    api.install(app, running)
    app.jinja_env.globals["progress"] = streams.progress
    for blueprint in running.service.pages:
        app.register_blueprint(blueprint)
    for blueprint in (
        health.make_blueprint(running),
        streams.make_blueprint(running.name),
        operating.make_blueprint(running),
        auditing.make_blueprint(running),
    ):
        app.register_blueprint(blueprint)
    if running.settings.dev:
        app.register_blueprint(kit_page.make_blueprint(running.name))
    return app


def _configure(app: Flask, running: RunningService) -> None:
    settings = running.settings
    secure = urlsplit(settings.public_url).scheme == "https"
    values: dict[str, Any] = {
        "SECRET_KEY": settings.secret,
        "SECRET_KEY_FALLBACKS": list(settings.secrets[1:]),
        "WTF_CSRF_SECRET_KEY": list(reversed(settings.secrets)),  # the last one signs, all of them verify
        "SESSION_COOKIE_NAME": "tsudoi_session",  # one for all services: a form of one may stand on a page of another
        "SESSION_COOKIE_PATH": "/",
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_SECURE": secure,
        "MAX_CONTENT_LENGTH": 64 * 1024 * 1024,
        "MAX_FORM_MEMORY_SIZE": 2 * 1024 * 1024,
        "PUBLIC_URL_IS_HTTPS": secure,
    }
    app.config.update(values)
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True


def _package_folder(package: str) -> Path:
    found = find_spec(package)
    if found is None or not found.submodule_search_locations:
        raise ValueError(f"{package} is not a package")
    return Path(next(iter(found.submodule_search_locations)))
