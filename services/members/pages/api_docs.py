"""The description of the whole HTTP API, for whoever connects another program: `/docs`, a page for each service."""

from __future__ import annotations

from flask import Blueprint, abort, render_template
from flask.typing import ResponseReturnValue

from shared.web.access import allow_public
from shared.web.navigation import SERVICES

pages = Blueprint("api_docs", __name__, url_prefix="/members/docs")


@pages.get("")
@pages.get("/<service>")
@allow_public
def show(service: str = "members") -> ResponseReturnValue:
    """It tells nothing of any society, so that integrators read it before anybody gives them a key."""
    if service not in SERVICES:
        abort(404)
    return render_template("members/api_docs.html", services=SERVICES, shown=service)
