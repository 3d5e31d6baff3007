"""Who may open and change custom fields: a part of the matrix in test_access.py."""

from __future__ import annotations

from services.members.roles import FIELDS_DEFINE, MEMBERS_SEE

CONSOLE, API = "/members/console/custom-fields", "/members/api/custom-fields"
PAGES_OF_FIELDS = {
    CONSOLE: MEMBERS_SEE,
    f"{CONSOLE}/new": FIELDS_DEFINE,
    f"{CONSOLE}/{{field}}": FIELDS_DEFINE,
    API: MEMBERS_SEE,
    f"{API}/{{field}}": MEMBERS_SEE,
}
CHANGES_OF_FIELDS = {
    CONSOLE: FIELDS_DEFINE,
    f"{CONSOLE}/suggestions/degree": FIELDS_DEFINE,
    f"{CONSOLE}/{{field}}": FIELDS_DEFINE,
    **{f"{CONSOLE}/{{field}}/{deed}": FIELDS_DEFINE for deed in ("up", "retire", "restore", "remove")},
    f"{API}/{{field}}/up": FIELDS_DEFINE,
}
OTHERS_OF_FIELDS = (
    f"{API}/<uuid:id>/<any(up, down):way>",
    f"{API}/<uuid:id>/retirement",
    f"{CONSOLE}/<uuid:id>/<any(up, down):way>",
    f"{CONSOLE}/suggestions/<key>",
)
