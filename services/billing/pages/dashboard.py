"""The dashboard of the staff console: how a fiscal year stands (B19+)."""

from __future__ import annotations

from datetime import date

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import format_date

from services.billing import fees, figures, search
from services.billing.roles import BILLING_CHANGE, BILLING_SEE
from shared.japan.calendar import fiscal_year_of
from shared.web.access import allow, principal, reading
from shared.web.i18n import language

dashboard_pages = Blueprint("dashboard", __name__, url_prefix="/billing/console")


@dashboard_pages.get("/")
@allow(*BILLING_SEE)
def show_dashboard() -> ResponseReturnValue:
    with reading() as uow:
        this_year = fiscal_year_of(uow.today, uow.society.fiscal_year_starts)
        wanted = request.args.get("year", "")
        year = int(wanted) if wanted.isascii() and wanted.isdigit() and len(wanted) == 4 else this_year
        years = sorted({this_year, year, *search.years_with_invoices(uow)}, reverse=True)[:5]
        shown = figures.figures_of(uow, year)
        return render_template(
            "billing/dashboard.html",
            year=year,
            years=years,
            figures=shown,
            months=[format_date(date(2000, each.month, 1), "MMM") for each in shown.by_month],
            waiting=figures.waiting(uow),
            names={category.code: category.name_in(language()) for category in fees.categories(uow)},
            has_fees=bool(fees.fees_of(uow, year)),
            may_bill=principal().may(*BILLING_CHANGE),
        )
