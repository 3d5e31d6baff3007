"""The way around, as one table: what stands in the staff console 事務局 and on My Page 会員マイページ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask import Flask, g, request

from shared.capabilities import may
from shared.errors import N_
from shared.identity import Principal, Role
from shared.web import access
from shared.web.access import running_service

_PEOPLE = may("see-members")
_MONEY = may("see-payments")  # of what affairs and events see, their menus show no more than invoices


@dataclass(frozen=True)
class Entry:
    """One place. `area`: console or my; `group`: heading under which it stands; no roles: everybody."""

    label: str
    path: str
    icon: str
    area: str
    group: str = ""
    roles: tuple[Role, ...] = ()
    only_without_broker: bool = False  # the in-app mailbox of onebox
    at_hand: bool = True  # of My Page: in the bar of a phone; what is not stands in the menu of the person there
    also: tuple[str, ...] = ()  # pages of other services that belong to it

    def is_for(self, who: Principal) -> bool:
        return not self.roles or who.may(*self.roles)


SERVICES = {  # what each is called, and its picture
    "members": (N_("Members"), "users"),
    "billing": (N_("Billing"), "receipt-japanese-yen"),
    "payments": (N_("Payments"), "wallet"),
    "events": (N_("Events"), "calendar-days"),
    "notifications": (N_("Notifications"), "mail-check"),
}

ENTRIES: Sequence[Entry] = (
    Entry(N_("Dashboard"), "/billing/console/", "layout-dashboard", "console", "", may("see-billing")),
    Entry(
        N_("Members"),
        "/members/console/members",
        "users",
        "console",
        N_("People"),
        _PEOPLE,
        also=(
            "/members/console/searches",
            "/members/console/selections",
            "/members/console/contacts",
            "/members/console/duplicates",
        ),
    ),
    Entry(N_("Applications"), "/members/console/applications", "user-check", "console", N_("People"), _PEOPLE),
    Entry(
        N_("Roster import"),
        "/members/console/import",
        "file-up",
        "console",
        N_("People"),
        may("change-members"),
    ),
    Entry(N_("Requests"), "/members/console/requests", "inbox", "console", N_("People"), _PEOPLE),
    Entry(N_("Announcements"), "/members/console/announcements", "megaphone", "console", N_("People"), _PEOPLE),
    Entry(N_("Cards and certificates"), "/members/console/papers", "id-card", "console", N_("People"), _PEOPLE),
    Entry(N_("History records"), "/members/console/records", "history", "console", N_("People"), _PEOPLE),
    Entry(N_("Categories"), "/members/console/categories", "shapes", "console", N_("People"), _PEOPLE),
    Entry(N_("Custom fields"), "/members/console/custom-fields", "list-plus", "console", N_("People"), _PEOPLE),
    Entry(N_("Erasure"), "/members/console/erasure", "user-x", "console", N_("People"), _PEOPLE),
    Entry(N_("Staff"), "/members/console/staff", "shield-user", "console", N_("People"), may("manage-staff")),
    Entry(
        N_("Permissions"),
        "/members/console/permissions",
        "list-checks",
        "console",
        N_("People"),
        may("see-permissions"),
    ),
    Entry(
        N_("Integrations"),
        "/members/console/integrations",
        "plug",
        "console",
        N_("People"),
        may("manage-integrations"),
    ),
    Entry(
        N_("Audit trail"),
        "/members/console/audit",
        "scroll-text",
        "console",
        N_("People"),
        may("see-audit"),
        also=tuple(f"/{name}/console/audit" for name in SERVICES),
    ),
    Entry(N_("Billing runs"), "/billing/console/runs", "layers", "console", N_("Billing"), _MONEY),
    Entry(
        N_("Invoices"),
        "/billing/console/invoices",
        "receipt-japanese-yen",
        "console",
        N_("Billing"),
        (*_MONEY, Role.AFFAIRS),
    ),
    Entry(N_("Fees"), "/billing/console/fees", "tags", "console", N_("Billing"), _MONEY),
    Entry(N_("Payments"), "/payments/console/payments", "wallet", "console", N_("Payments"), _MONEY),
    Entry(
        N_("Unidentified deposits"),
        "/payments/console/deposits",
        "circle-question-mark",
        "console",
        N_("Payments"),
        _MONEY,
    ),
    Entry(
        N_("Bank file"),
        "/payments/console/bank-files",
        "landmark",
        "console",
        N_("Payments"),
        may("change-payments"),
    ),
    Entry(
        N_("Events"),
        "/events/console/events",
        "calendar-days",
        "console",
        N_("Activities"),
        (*may("see-events"), Role.ORGANISER),
    ),
    Entry(
        N_("Sent mail"),
        "/notifications/console/letters",
        "mail-check",
        "console",
        N_("Activities"),
        may("see-letters"),
    ),
    Entry(
        N_("Mailbox"),
        "/notifications/mailbox",
        "inbox",
        "console",
        N_("Activities"),
        may("see-letters"),
        only_without_broker=True,
    ),
    Entry(
        N_("Societies"),
        "/members/operator/societies",
        "building-2",
        "console",
        N_("Operation"),
        may("manage-societies"),
    ),
    *(
        Entry(label, f"/{name}/operator", icon, "console", N_("Operation"), may("operate"))
        for name, (label, icon) in SERVICES.items()
    ),
    Entry(N_("Home"), "/members/my/", "house", "my"),
    Entry(
        N_("News"),
        "/members/my/announcements",
        "megaphone",
        "my",
        roles=may("read-announcements"),
    ),
    Entry(N_("Invoices and receipts"), "/billing/my/invoices", "receipt-japanese-yen", "my"),
    Entry(N_("Events"), "/events/my/events", "calendar-days", "my"),
    Entry(N_("Requests"), "/members/my/requests", "send", "my", roles=may("make-requests"), at_hand=False),
    Entry(N_("History"), "/members/my/records", "history", "my", roles=may("own-membership"), at_hand=False),
    Entry(N_("Profile"), "/members/my/profile", "circle-user-round", "my", also=("/members/my/corporation",)),
)


@dataclass(frozen=True)
class Place:
    """An entry as it stands on one page."""

    entry: Entry
    current: bool


def places(area: str) -> list[Place]:
    """The entries of an area that the reader may use; the one that holds this page is current."""
    who = access.principal_or_none()
    if who is None:
        return []
    broker = bool(running_service().settings.broker)
    shown = [e for e in ENTRIES if e.area == area and e.is_for(who) and not (e.only_without_broker and broker)]
    here = max((e for e in shown if _holds_this_page(e)), key=lambda e: len(e.path), default=None)
    return [Place(entry, entry is here) for entry in shown]


def _holds_this_page(entry: Entry) -> bool:
    return any(_holds(path, request.path) for path in (entry.path, *entry.also))


def _holds(path: str, page: str) -> bool:
    return page == path or (not path.endswith("/") and page.startswith(f"{path}/"))


def other_area(area: str) -> str | None:
    """For people who are staff and members at once: the way to their other side."""
    who = access.principal_or_none()
    if who is None:
        return None
    if area == "my":
        return next((e.path for e in ENTRIES if e.area == "console" and e.is_for(who)), None) if who.is_staff else None
    return "/members/my/" if who.person_id else None


def install(app: Flask) -> None:
    app.jinja_env.globals.update(
        places=places,
        other_area=other_area,
        principal=access.principal_or_none,
        society=lambda: g.get("society"),
        service_name=lambda: running_service().name,
    )
