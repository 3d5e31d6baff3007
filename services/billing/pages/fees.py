"""The fee schedule 会費設定 as one editable table per fiscal year."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from services.billing import fees
from services.billing.api.fees import FeeSchema, FeeValuesSchema
from services.billing.labels import TAX_CLASSES
from services.billing.roles import BILLING_CHANGE, BILLING_SEE
from shared.errors import TsudoiError
from shared.japan.calendar import fiscal_year_of
from shared.uow import UnitOfWork
from shared.web.access import allow, principal, reading, unit
from shared.web.forms import NO_VALUES, Faults, load_form
from shared.web.i18n import language

fees_pages = Blueprint("fees", __name__, url_prefix="/billing/console/fees")


@fees_pages.get("")
@allow(*BILLING_SEE)
def show_fees() -> ResponseReturnValue:
    with reading() as uow:
        return _table(uow, _year(uow))


@fees_pages.post("")
@allow(*BILLING_CHANGE)
def add_fee() -> ResponseReturnValue:
    try:
        given = load_form(FeeSchema)
        with unit() as uow:
            fees.set_fee(uow, **given)
    except TsudoiError as error:
        with reading() as uow:
            return _table(uow, _year(uow), error), error.kind.status
    flash(_("The fee was added."))
    return _back(given["fiscal_year"])


@fees_pages.post("/<uuid:id>")
@allow(*BILLING_CHANGE)
def change_fee(id: UUID) -> ResponseReturnValue:
    try:
        given = load_form(FeeValuesSchema)
        with unit() as uow:
            year = fees.change_fee(uow, str(id), **given).fiscal_year
    except TsudoiError as error:
        with reading() as uow:
            return _table(uow, _year(uow), error, wrong_row=str(id)), error.kind.status
    flash(_("Saved."))
    return _back(year)


@fees_pages.post("/<uuid:id>/remove")
@allow(*BILLING_CHANGE)
def remove_fee(id: UUID) -> ResponseReturnValue:
    with unit() as uow:
        fees.remove_fee(uow, str(id))
    flash(_("The fee was removed."))
    return _back(request.form.get("fiscal_year", type=int))


@fees_pages.post("/copy")
@allow(*BILLING_CHANGE)
def copy_fees() -> ResponseReturnValue:
    year = request.form.get("fiscal_year", 0, type=int)
    with unit() as uow:
        copied = fees.copy_fees(uow, from_year=year - 1, to_year=year)
    flash(ngettext("%(num)s fee was copied.", "%(num)s fees were copied.", copied), "good" if copied else "info")
    return _back(year)


def _table(uow: UnitOfWork, year: int, error: TsudoiError | None = None, wrong_row: str | None = None) -> str:
    known = fees.fees_of(uow, year)
    categories = {category.code: category.name_in(language()) for category in fees.categories(uow)}
    return render_template(
        "billing/fees.html",
        year=year,
        years=sorted({year, *fees.fiscal_years(uow)}, reverse=True),
        this_year=fiscal_year_of(uow.today, uow.society.fiscal_year_starts),
        fees=known,
        categories=categories,
        missing=[(code, name) for code, name in categories.items() if code not in {fee.category for fee in known}],
        tax_classes=TAX_CLASSES,
        last_year=fees.fees_of(uow, year - 1),
        may_edit=principal().may(*BILLING_CHANGE),
        faults=Faults(error),
        values=request.form if error and wrong_row is None else NO_VALUES,
        wrong_row=wrong_row,
    )


def _year(uow: UnitOfWork) -> int:
    given = request.values.get("fiscal_year", request.args.get("year", ""))
    if given.isascii() and given.isdigit() and len(given) == 4:
        return int(given)
    return fiscal_year_of(uow.today, uow.society.fiscal_year_starts)


def _back(year: int | None) -> ResponseReturnValue:
    return redirect(url_for("fees.show_fees", year=year), 303)
