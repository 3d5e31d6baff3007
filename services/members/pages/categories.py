"""Categories 会員種別 in the console."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from marshmallow import Schema, fields, validate

from services.members.api.schemas import HalfWidth
from services.members.categories import (
    add_category,
    change_category,
    count_members,
    list_categories,
    move_category,
    needed_category,
    remove_category,
)
from services.members.roles import MEMBERS_CHANGE, MEMBERS_SEE
from shared.errors import TsudoiError
from shared.web.access import allow, principal, reading, unit
from shared.web.forms import form_again, load_form

pages = Blueprint("categories", __name__, url_prefix="/members/console/categories")


class NamesSchema(Schema):
    name = fields.String(required=True, validate=validate.Length(max=100))
    name_en = fields.String(required=True, validate=validate.Length(max=100))


class FormatSchema(NamesSchema):
    number_prefix = HalfWidth(load_default="", validate=validate.Regexp(r"(\S{0,9}[^\s0-9])?$"))
    number_width = fields.Integer(load_default=0, validate=validate.Range(min=0, max=12))


class CategorySchema(NamesSchema):
    code = fields.String(required=True, validate=validate.Regexp(r"[a-z][a-z0-9_-]{0,30}$"))


@pages.get("")
@allow(*MEMBERS_SEE)
def show_categories() -> ResponseReturnValue:
    return render_template("members/categories.html", **_context())


@pages.post("")
@allow(*MEMBERS_CHANGE)
def add() -> ResponseReturnValue:
    try:
        given = load_form(CategorySchema)
        with unit() as uow:
            add_category(uow, **given)
    except TsudoiError as error:
        return form_again("members/categories.html", error, **_context())
    flash(_("The category was added."))
    return redirect(url_for("categories.show_categories"), 303)


@pages.get("/<code>")
@allow(*MEMBERS_CHANGE)
def show_category(code: str) -> ResponseReturnValue:
    with reading() as uow:
        row = needed_category(uow, code)
        values = {name: getattr(row, name) for name in ("name", "name_en", "number_prefix", "number_width")}
        return render_template(
            "members/category_form.html", category=row, values=values, count=count_members(uow).get(code, 0)
        )


@pages.post("/<code>")
@allow(*MEMBERS_CHANGE)
def change(code: str) -> ResponseReturnValue:
    try:
        given = load_form(FormatSchema)
        with unit() as uow:
            change_category(uow, code, **given)
    except TsudoiError as error:
        with reading() as uow:
            row, count = needed_category(uow, code), count_members(uow).get(code, 0)
        return form_again("members/category_form.html", error, category=row, count=count)
    flash(_("The changes were saved."))
    return redirect(url_for("categories.show_categories"), 303)


@pages.post("/<code>/<any(up, down):way>")
@allow(*MEMBERS_CHANGE)
def move(code: str, way: str) -> ResponseReturnValue:
    with unit() as uow:
        move_category(uow, code, up=way == "up")
    return redirect(url_for("categories.show_categories"), 303)


@pages.post("/<code>/remove")
@allow(*MEMBERS_CHANGE)
def remove(code: str) -> ResponseReturnValue:
    with unit() as uow:
        remove_category(uow, code)
    flash(_("The category was removed."))
    return redirect(url_for("categories.show_categories"), 303)


def _context() -> dict[str, object]:
    with reading() as uow:
        return {
            "categories": list_categories(uow),
            "counts": count_members(uow),
            "may_change": principal().may(*MEMBERS_CHANGE),
        }
