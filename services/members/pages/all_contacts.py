"""All contacts 連絡者 of corporate members in the console: searched, as a file; and whether they have a My Page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa
from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from services.members.api.contact_schemas import CorporatePageSchema
from services.members.corporations.acting import my_page_used
from services.members.corporations.contacts import DUTIES
from services.members.corporations.listing import ORDERS, headers, matching_contacts, rows
from services.members.corporations.my_page import use_my_page
from services.members.models import MemberRow
from services.members.pages.words import CONTACT_STATES
from services.members.roles import MEMBERS_CHANGE, MEMBERS_SEE
from services.members.standings.words import ENDED
from shared.tables.writing import Cell
from shared.uow import UnitOfWork
from shared.web.access import allow, principal, reading, unit
from shared.web.forms import load_form
from shared.web.i18n import language
from shared.web.listing import list_rows
from shared.web.sheets import sheet_answer

pages = Blueprint("all_contacts", __name__, url_prefix="/members/console/contacts")


@pages.get("")
@allow(*MEMBERS_SEE)
def show_contacts() -> ResponseReturnValue:
    with reading() as uow:
        return render_template(
            "members/all_contacts.html",
            listed=list_rows(uow.session, _searched(), ORDERS, sort="corporation", unique=MemberRow.id),
            states=[(code, _(text)) for code, text in CONTACT_STATES.items()],
            duties=DUTIES,
            ended=ENDED,
            page_used=my_page_used(uow),
            may_change=principal().may(*MEMBERS_CHANGE),
        )


@pages.get("/export.<any(csv, xlsx):kind>")
@allow(*MEMBERS_SEE)
def export(kind: str) -> ResponseReturnValue:
    """What the search finds, all of it."""

    def sheet(uow: UnitOfWork) -> tuple[Sequence[str], Iterator[Sequence[Cell]]]:
        words = {code: str(_(text)) for code, text in DUTIES.items()}
        return headers(language()), rows(uow, _searched(), words)

    return sheet_answer("contacts", kind, _("Contacts"), sheet)


@pages.post("/my-page")
@allow(*MEMBERS_CHANGE)
def use_page() -> ResponseReturnValue:
    used = load_form(CorporatePageSchema)["used"]
    with unit() as uow:
        use_my_page(uow, used)
    flash(_("The changes were saved."))
    return redirect(url_for("all_contacts.show_contacts"), 303)


def _searched() -> sa.Select[Any, Any, Any, Any]:
    return matching_contacts(request.args.get("q", ""), request.args.get("state", ""))
