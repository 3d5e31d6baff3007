"""Style, scripts and icons: served by each service itself, kept by browsers for ever under a version in the address."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from flask import Blueprint, Flask, Response, abort, send_from_directory

from shared.web.access import allow_public, running_service

KIT = Path(__file__).parent / "static"
FOREVER = 365 * 24 * 3600


def install(app: Flask, root: Path) -> None:
    folders = {"kit": KIT, "lib": _htmx_folder(), "swagger": _swagger_folder(), "own": root / "static"}
    name = running_name(app)
    blueprint = Blueprint("kit_assets", __name__, url_prefix=f"/{name}/static")

    @blueprint.get("/<any(kit, lib, swagger, own):group>/<version>/<path:path>")
    @allow_public
    def send(group: str, version: str, path: str) -> Response:
        if not folders[group].is_dir():
            abort(404)
        answer = send_from_directory(folders[group], path, max_age=FOREVER)
        if version == _version(folders[group]):
            answer.headers["Cache-Control"] = f"public, max-age={FOREVER}, immutable"
        return answer

    def asset(path: str, group: str = "kit") -> str:
        """Address of a file of the kit (`css/kit.css`), of htmx (`lib`), of what shows the API (`swagger`), or of the
        service itself (`own`)."""
        return f"/{name}/static/{group}/{_version(folders[group])}/{path}"

    app.register_blueprint(blueprint)
    app.jinja_env.globals["asset"] = asset


def running_name(app: Flask) -> str:
    with app.app_context():
        return running_service().name


def _htmx_folder() -> Path:
    return _installed("js_lib_htmx") / "static" / "htmx"


def _swagger_folder() -> Path:
    return _installed("flask_swagger_ui") / "dist"


def _installed(package: str) -> Path:
    found = find_spec(package)
    if found is None or found.origin is None:
        raise RuntimeError(f"{package} is not installed")
    return Path(found.origin).parent


@cache
def _version(folder: Path) -> str:
    """Read when a page first asks for it, once a process: most services never show what is largest."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")) if folder.is_dir() else ():
        if path.is_file():
            digest.update(path.relative_to(folder).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()[:12]
