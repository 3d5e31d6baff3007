"""Forms of pages go through the same schemas as the API, and come back with what was typed and what is wrong."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any

from flask import Flask, render_template, request
from flask.typing import ResponseReturnValue
from marshmallow import EXCLUDE, Schema, ValidationError, fields

from shared.errors import Fault, InvalidInput, TsudoiError
from shared.web.problems import translated
from shared.web.validation import faults_from_error

NO_VALUES: Mapping[str, Any] = {}


class Faults:
    """What is wrong with a form, for its template: `faults.of("amount")`, `faults.rest`; false when nothing is."""

    def __init__(self, error: TsudoiError | None = None) -> None:
        self.error = error
        self.all: tuple[Fault, ...] = error.faults if error else ()

    def __bool__(self) -> bool:
        return self.error is not None

    def __iter__(self) -> Iterator[Fault]:
        return iter(self.all)

    def of(self, name: str) -> list[str]:
        """Translated sentences for one field, and for what is nested in it."""
        return [translated(f) for f in self.all if f.field == name or (f.field or "").startswith(f"{name}.")]

    @property
    def sentence(self) -> str:
        return translated(self.error) if self.error else ""

    @property
    def rest(self) -> list[str]:
        """Sentences that belong to no field."""
        return [translated(f) for f in self.all if f.field is None]


def load_form(schema: type[Schema] | Schema) -> dict[str, Any]:
    """The posted form through a schema, the same that the API uses. Raises InvalidInput with faults per field.

    Blank inputs count as not given (`load_default`, or "please fill this in"), texts are stripped, numbers may be
    written ¥１２，０００; `fields.List` takes repeated inputs; uploaded files arrive in `fields.Raw`."""
    return _load(schema, request.form, request.files)


def load_args(schema: type[Schema] | Schema) -> dict[str, Any]:
    """What a form put into the address, as `load_form`."""
    return _load(schema, request.args, NO_VALUES)


def form_again(template: str, error: TsudoiError, **context: Any) -> ResponseReturnValue:
    """The form once more, with everything that was typed and what is wrong with it; status of the error (422)."""
    values = {**request.form.to_dict(), **_repeated()}
    return render_template(template, **{"values": values, **context, "faults": Faults(error)}), error.kind.status


def _repeated() -> dict[str, list[str]]:
    return {name: request.form.getlist(name) for name in request.form if len(request.form.getlist(name)) > 1}


def _load(schema: type[Schema] | Schema, form: Any, files: Any) -> dict[str, Any]:
    made = schema() if isinstance(schema, type) else schema
    raw: dict[str, Any] = {}
    for name, field in made.fields.items():
        key = field.data_key or name
        if isinstance(field, fields.List):
            given = [cleaned for cleaned in (_clean(text, field.inner) for text in form.getlist(key)) if cleaned]
            if given or key in form:
                raw[key] = given
        elif key in files and files[key].filename:
            raw[key] = files[key]
        elif cleaned := _clean(form.get(key, ""), field):
            raw[key] = cleaned
    try:
        loaded: dict[str, Any] = made.load(raw, unknown=EXCLUDE)
    except ValidationError as error:
        raise InvalidInput(faults=faults_from_error(error)) from error
    return loaded


def _clean(text: str, field: fields.Field[Any]) -> str:
    text = text.strip()
    if isinstance(field, fields.Number):
        text = unicodedata.normalize("NFKC", text).replace(",", "").replace("¥", "").replace("円", "").replace("−", "-")
    return text


def install(app: Flask) -> None:
    app.jinja_env.globals.update(faults=Faults(), values=NO_VALUES)
