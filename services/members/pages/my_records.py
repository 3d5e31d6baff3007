"""One's own history records 履歴 on My Page: those that the office has made public, by year."""

from __future__ import annotations

from itertools import groupby

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from services.members.models import RecordRow
from services.members.records.finding import public_records
from services.members.roles import OWN_MEMBERSHIP
from shared.web.access import allow, principal, reading
from shared.web.listing import list_rows

pages = Blueprint("my_records", __name__, url_prefix="/members/my/records")


@pages.get("")
@allow(*OWN_MEMBERSHIP)
def show_records() -> ResponseReturnValue:
    with reading() as uow:
        found = public_records(str(principal().person_id))
        orders = {"starts_on": RecordRow.starts_on}
        listed = list_rows(uow.session, found, orders, sort="-starts_on", unique=RecordRow.id)
        years = [(year, list(rows)) for year, rows in groupby(listed.rows, key=lambda row: row[0].starts_on.year)]
        return render_template("members/my_records.html", listed=listed, years=years)
