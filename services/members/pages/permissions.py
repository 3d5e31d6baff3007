"""Who may do what 権限一覧, for the office: the table by which every service decides, in the reader's language."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from services.members.roles import PERMISSIONS_SEE, STAFF_CHANGE
from shared.capabilities import MY_PAGE, OFFICE, capabilities_of, role_name
from shared.errors import N_
from shared.web.access import allow, principal
from shared.web.i18n import language

pages = Blueprint("permissions", __name__, url_prefix="/members/console/permissions")
TABLES = ((N_("In the office"), "society", OFFICE), (N_("On My Page, only what is one's own"), "own", MY_PAGE))


@pages.get("")
@allow(*PERMISSIONS_SEE)
def show_permissions() -> ResponseReturnValue:
    who, spoken = principal(), language()
    return render_template(
        "members/permissions.html",
        matrices=[(title, roles, capabilities_of(scope)) for title, scope, roles in TABLES],
        names={role: role_name(role, spoken) for role in (*OFFICE, *MY_PAGE)},
        spoken=spoken,
        own=who.roles,
        may_change=who.may(*STAFF_CHANGE),
    )
