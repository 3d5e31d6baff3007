"""Every error becomes an answer here, by its kind: problem+json (RFC 9457), a kind page, or a notice."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import structlog
from flask import Flask, g, make_response, render_template, request
from flask_babel import gettext
from marshmallow import ValidationError
from sqlalchemy.exc import DataError, SQLAlchemyError
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from shared.errors import (
    N_,
    ChangedMeanwhile,
    Fault,
    InvalidInput,
    Kind,
    LoginNeeded,
    NotFound,
    TsudoiError,
    Unavailable,
    Word,
)
from shared.trouble import database_is_down, is_contention, is_double, stood_still
from shared.web.access import to_login
from shared.web.again import ask_for_another_try
from shared.web.asking import is_htmx, is_navigation, wants_problem
from shared.web.observing import trace_id
from shared.web.validation import faults_from_error, faults_from_messages

log = structlog.get_logger()

TITLES = {
    400: N_("The request could not be read"),
    401: N_("Login needed"),
    403: N_("Not allowed"),
    404: N_("Not found"),
    405: N_("Not possible here"),
    409: N_("Not possible now"),
    410: N_("No longer available"),
    413: N_("Too large"),
    415: N_("Unknown format"),
    422: N_("Please check the input"),
    429: N_("Too many requests"),
    500: N_("Something went wrong"),
    503: N_("Out of order for the moment"),
}
SENTENCES = {
    400: N_("The request could not be read."),
    404: N_("There is no such page (any more)."),
    405: N_("This address does not take that kind of request."),
    413: N_("The file is too large."),
    415: N_("This address does not take data in that format."),
    429: N_("Too many requests in a short time. Please wait a little and try again."),
    500: N_("This should not have happened. It was recorded and will be looked at; nothing was saved."),
}
RETRY_AFTER_SECONDS = 5
PROBLEM = "application/problem+json"


def install(app: Flask) -> None:
    app.register_error_handler(TsudoiError, answer_error)
    app.register_error_handler(ValidationError, _answer_validation)
    app.register_error_handler(HTTPException, _answer_http)
    app.register_error_handler(SQLAlchemyError, _answer_database)
    app.register_error_handler(StaleDataError, lambda _: answer_error(ChangedMeanwhile()))
    app.register_error_handler(Exception, _answer_unexpected)


def translated(error: TsudoiError | Fault) -> str:
    """Its sentence in the reader's language."""
    words = {name: gettext(value) for name, value in error.params.items() if isinstance(value, Word)}
    return str(gettext(error.text, **{**error.params, **words}))


def answer_error(error: TsudoiError) -> Response:
    if isinstance(error, LoginNeeded) and is_navigation():
        return to_login()
    answer = _answer(error.slug, error.kind.status, translated(error), error.faults)
    if error.kind in (Kind.UNAVAILABLE, Kind.TOO_MANY):
        answer.headers["Retry-After"] = str(error.params.get("seconds", RETRY_AFTER_SECONDS))
    if error.kind is Kind.UNAUTHENTICATED:
        answer.headers["WWW-Authenticate"] = "Bearer"
    return answer


def _answer_validation(error: ValidationError) -> Response:
    return answer_error(InvalidInput(faults=faults_from_error(error)))


def _answer_http(error: HTTPException) -> Response:
    if error.response is not None:
        return error.get_response(request.environ)
    data: Mapping[str, Any] = getattr(error, "data", None) or {}
    if error.code == 422 and "messages" in data:
        return answer_error(InvalidInput(faults=faults_from_messages(_without_location(data["messages"]))))
    status = error.code or 500
    if 300 <= status < 400:
        return error.get_response(request.environ)
    sentence = gettext(SENTENCES[status]) if status in SENTENCES else (error.description or "")
    answer = _answer(error.name.lower().replace(" ", "-"), status, sentence)
    for name, value in error.get_headers(request.environ):
        if name.lower() not in ("content-type", "content-length"):
            answer.headers[name] = value  # Allow, Retry-After
    return answer


def _answer_database(error: SQLAlchemyError) -> Response:
    if isinstance(
        error, DataError
    ):  # an id that is no id, a NUL in a text: what PostgreSQL refuses to compare or store
        log.warning("value refused by the database", endpoint=request.endpoint, error=type(error.orig).__name__)
        return answer_error(NotFound() if request.method in ("GET", "HEAD") else InvalidInput())
    if ask_for_another_try(error):
        return Response(status=503)
    if is_double(error):
        log.warning("stored by somebody else meanwhile", endpoint=request.endpoint, exc_info=error)
        return answer_error(ChangedMeanwhile())
    if not (database_is_down(error) or is_contention(error) or stood_still(error)):
        return _answer_unexpected(error)
    log.error("database does not answer, or is locked", error=repr(error))
    g.setdefault("principal", None)
    g.setdefault("society", None)
    return answer_error(Unavailable())


def _answer_unexpected(error: Exception) -> Response:
    log.error("unexpected error", endpoint=request.endpoint, exc_info=error)
    g.setdefault("principal", None)
    g.setdefault("society", None)
    return _answer("unexpected", 500, gettext(SENTENCES[500]))


def _without_location(messages: Mapping[str, Any]) -> Mapping[str, Any]:
    """webargs groups by where the input stood (json, query, files, …)."""
    merged: dict[str, Any] = {}
    for found in messages.values():
        merged |= found if isinstance(found, Mapping) else {"_schema": found}
    return merged


def _answer(slug: str, status: int, sentence: str, faults: tuple[Fault, ...] = ()) -> Response:
    title = gettext(TITLES[status]) if status in TITLES else gettext(TITLES[500 if status >= 500 else 400])
    if wants_problem():
        return _problem(slug, status, title, sentence, faults)
    details = [translated(fault) for fault in faults]
    if is_htmx():
        answer = make_response(render_template("kit/error_notice.html", sentence=sentence, details=details), status)
        answer.headers["HX-Retarget"], answer.headers["HX-Reswap"] = "#notices", "beforeend"
        return answer
    page = render_template(
        "kit/error.html", status=status, title=title, sentence=sentence, details=details, trace=trace_id()
    )
    return make_response(page, status)


def _problem(slug: str, status: int, title: str, sentence: str, faults: tuple[Fault, ...]) -> Response:
    body: dict[str, Any] = {"type": slug, "title": title, "status": status, "detail": sentence, "trace": trace_id()}
    if faults:
        body["errors"] = [
            {
                name: value
                for name, value in (("field", f.field), ("row", f.row), ("detail", translated(f)))
                if value is not None
            }
            for f in faults
        ]
    return Response(json.dumps(body, ensure_ascii=False), status, mimetype=PROBLEM)
