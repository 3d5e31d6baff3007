"""Custom fields 独自項目 in the console: defined by administrators, seen by the whole office."""

from __future__ import annotations

from dataclasses import replace
from itertools import zip_longest
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from marshmallow import ValidationError

from services.members.api.custom_field_schemas import DefinitionSchema, FieldChoiceSchema, NewFieldSchema, RemovalSchema
from services.members.custom_fields.defining import (
    DEFINED,
    add_field,
    change_field,
    move_field,
    remove_field,
    restore_field,
    retire_field,
)
from services.members.custom_fields.finding import count_holders, field_by_id, headers_without_field, list_fields
from services.members.custom_fields.suggestions import SUGGESTIONS, add_suggested
from services.members.custom_fields.types import FOR_MEMBER, MOST_CHOICES, TYPES
from services.members.errors.custom_fields import CustomFieldExists, HeaderHasValues, TooManyCustomFields
from services.members.models import CustomFieldRow
from services.members.pages.custom_input import all_typed
from services.members.roles import FIELDS_DEFINE, MEMBERS_SEE
from shared.errors import InvalidInput, TsudoiError
from shared.uow import UnitOfWork
from shared.web.access import allow, principal, reading, unit
from shared.web.forms import form_again, load_form
from shared.web.i18n import language
from shared.web.problems import translated
from shared.web.validation import faults_from_error

pages = Blueprint("custom_fields", __name__, url_prefix="/members/console/custom-fields")
PARTS = ("code", "label", "label_en")  # of a choice
BLANK_CHOICES = 5
FORM = "members/custom_field_form.html"


@pages.get("")
@allow(*MEMBERS_SEE)
def show_fields() -> ResponseReturnValue:
    with reading() as uow:
        fields = list_fields(uow)
        known = {field.key for field in fields}
        suggested = [(key, each[_label()]) for key, each in SUGGESTIONS.items() if key not in known]
        return render_template(
            "members/custom_fields.html",
            fields=fields,
            suggested=suggested,
            headers=headers_without_field(uow),
            types=TYPES,
            for_member=FOR_MEMBER,
            may_define=principal().may(*FIELDS_DEFINE),
        )


@pages.get("/new")
@allow(*FIELDS_DEFINE)
def show_adding() -> ResponseReturnValue:
    """`header`: of values that a roster brought before."""
    header = request.args.get("header", "")[:100]
    values = {"type": "line", "for_member": "hidden", "key": header, "label": header}
    return render_template(FORM, values=values, **_context(None, [], 0))


@pages.post("")
@allow(*FIELDS_DEFINE)
def add() -> ResponseReturnValue:
    try:
        given = load_form(NewFieldSchema(exclude=["choices"]))  # they stand in rows of their own
        with unit() as uow:
            row = add_field(uow, {**given, "choices": _choices()})
    except TsudoiError as error:
        return form_again(FORM, error, **_context(None, _typed_choices(), 0))
    flash(_("The field “%(name)s” was added.", name=row.label_in(language())))
    return _back()


@pages.post("/suggestions/<key>")
@allow(*FIELDS_DEFINE)
def add_one_suggested(key: str) -> ResponseReturnValue:
    try:
        with unit() as uow:
            row = add_suggested(uow, key)
    except (CustomFieldExists, HeaderHasValues, TooManyCustomFields) as error:
        flash(translated(error), "bad")
        return _back()
    flash(_("The field “%(name)s” was added.", name=row.label_in(language())))
    return _back()


@pages.get("/<uuid:id>")
@allow(*FIELDS_DEFINE)
def show_field(id: UUID) -> ResponseReturnValue:
    with reading() as uow:
        row, context = _of(uow, id)
        values = {name: getattr(row, name) for name in (*DEFINED, "revision")}
        return render_template(FORM, values=values, **context)


@pages.post("/<uuid:id>")
@allow(*FIELDS_DEFINE)
def change(id: UUID) -> ResponseReturnValue:
    try:
        given = load_form(DefinitionSchema(exclude=["choices"]))
        revision = request.form.get("revision", type=int)
        with unit() as uow:
            change_field(uow, str(id), {**given, "choices": _choices()}, revision=revision)
    except TsudoiError as error:
        with reading() as uow:
            _row, context = _of(uow, id)
        return form_again(FORM, error, **{**context, "choices": _typed_choices(), "values": all_typed()})
    flash(_("The changes were saved."))
    return _back()


@pages.post("/<uuid:id>/<any(up, down):way>")
@allow(*FIELDS_DEFINE)
def move(id: UUID, way: str) -> ResponseReturnValue:
    with unit() as uow:
        move_field(uow, str(id), up=way == "up")
    return _back()


@pages.post("/<uuid:id>/retire")
@allow(*FIELDS_DEFINE)
def retire(id: UUID) -> ResponseReturnValue:
    with unit() as uow:
        row = retire_field(uow, str(id))
    flash(_("“%(name)s” is not asked for any more. What is known stays.", name=row.label_in(language())))
    return _back()


@pages.post("/<uuid:id>/restore")
@allow(*FIELDS_DEFINE)
def restore(id: UUID) -> ResponseReturnValue:
    with unit() as uow:
        row = restore_field(uow, str(id))
    flash(_("“%(name)s” is asked for again.", name=row.label_in(language())))
    return _back()


@pages.post("/<uuid:id>/remove")
@allow(*FIELDS_DEFINE)
def remove(id: UUID) -> ResponseReturnValue:
    with unit() as uow:
        count = remove_field(uow, str(id), values=load_form(RemovalSchema)["values"])
    told = _("The field was removed. The values of %(count)s members go with it, in the background.", count=count)
    flash(told if count else _("The field was removed."))
    return _back()


def _back() -> ResponseReturnValue:
    return redirect(url_for("custom_fields.show_fields"), 303)


def _label() -> str:
    return "label_en" if language() == "en" else "label"


def _of(uow: UnitOfWork, id: UUID) -> tuple[CustomFieldRow, dict[str, Any]]:
    row = field_by_id(uow, str(id))
    return row, _context(row, row.choices, count_holders(uow, row.key))


def _context(field: CustomFieldRow | None, choices: list[dict[str, str]], count: int) -> dict[str, Any]:
    """`count`: of the members who have a value."""
    blank = {"code": "", "label": "", "label_en": ""}
    return {
        "field": field,
        "choices": [*choices, *[blank] * min(BLANK_CHOICES, MOST_CHOICES - len(choices))],
        "count": count,
        "types": [(code, _(text)) for code, text in TYPES.items()],
        "for_member": [(code, _(text)) for code, text in FOR_MEMBER.items()],
    }


def _typed_choices() -> list[dict[str, str]]:
    """The rows of the form in which something stands."""
    columns = ([text.strip() for text in request.form.getlist(f"choice_{name}")] for name in PARTS)
    rows = (dict(zip(PARTS, row, strict=True)) for row in zip_longest(*columns, fillvalue=""))
    return [row for row in rows if row["label"] or row["label_en"]]


def _choices() -> list[dict[str, str]]:
    """Raises InvalidInput. What has no name in English is called alike in both languages."""
    rows = [{**row, "label_en": row["label_en"] or row["label"]} for row in _typed_choices()]
    try:
        found: list[dict[str, str]] = FieldChoiceSchema(many=True).load(rows)
    except ValidationError as error:
        raise InvalidInput(faults=[replace(each, field="choices") for each in faults_from_error(error)]) from error
    return found
