"""What fields and standings are called on pages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext as _
from marshmallow import fields

from services.members.api.schemas import PersonSchema, possible_day
from services.members.categories import list_categories
from services.members.corporations.contacts import DUTIES
from services.members.search_conditions import EMAIL, KINDS, LOGIN
from services.members.standings.words import STANDINGS
from shared.errors import N_
from shared.uow import UnitOfWork
from shared.web.badges import Badge
from shared.web.i18n import LANGUAGES, language
from shared.web.navigation import SERVICES

FIELDS = {
    "kind": N_("Individual or corporate"),
    "name": N_("Name"),
    "kana": N_("Reading (katakana)"),
    "roman": N_("Name in roman letters"),
    "email": N_("E-mail address"),
    "language": N_("Language"),
    "number": N_("Member number"),
    "standing": N_("Standing"),
    "category": N_("Category"),
    "joined_on": N_("Joined on"),
    "leaves_on": N_("Leaves on"),
    "affiliation": N_("Affiliation"),
    "postcode": N_("Postal code"),
    "address": N_("Address"),
    "phone": N_("Telephone"),
    "note": N_("Note"),
    "custom": N_("Custom fields"),
    "history": N_("History of standings"),
    "categories": N_("History of categories"),
    "request": N_("Requests"),
    "card": N_("Membership card"),
    "certificate": N_("Certificate of membership"),
    "record": N_("History record"),
    "title_en": N_("Title in English"),
    "public": N_("Shown on My Page"),
    "contact": N_("Contact person"),
    "main_contact": N_("Main contact"),
    "duty": N_("Duty"),
    "ends_on": N_("Ends on"),
    "reason": N_("Held back because"),
    "data": N_("Copy of all data"),
    "merged": N_("Merged record"),
    "merged_into": N_("Merged into"),
    "different": N_("Not the same person"),
}
OWN_DATA = {  # columns of the files in a copy of one's own data
    "item": N_("Item"),
    "value": N_("Content"),
    "kind": N_("Kind"),
    "title": N_("Title"),
    "starts_on": N_("From"),
    "ends_on": N_("Until"),
    "registered_on": N_("Registered"),
    "asked_at": N_("Asked"),
    "asked": N_("Asked for"),
    "reason": N_("Reason"),
    "state": N_("State"),
    "decided_at": N_("Decided"),
    "day": N_("Day"),
    "answer": N_("Answer"),
    "started_at": N_("Begun"),
    "sent_at": N_("Sent"),
    "old": N_("Old address"),
    "new": N_("New address"),
    "confirmed_at": N_("Confirmed"),
    "issued_on": N_("Date of issue"),
    "facts": N_("What it states"),
    "read_at": N_("Read"),
    "created_at": N_("Logged in"),
    "last_seen_at": N_("Last seen"),
    "ended_at": N_("Logged out"),
    "user_agent": N_("Device"),
    "at": N_("When"),
    "action": N_("What"),
    "before": N_("Before"),
    "after": N_("After"),
}
CAUSES = {"time": N_("the time of keeping was over"), "request": N_("the person asked for it")}
PERSON_KINDS = {**KINDS, "guest": N_("Not a member")}
SEARCHED = {
    "q": N_("Words"),
    "kind": N_("Individual or corporate"),
    "category": N_("Category"),
    "standing": N_("Standing"),
    "on": N_("Day of that standing"),
    "number_from": N_("Member number from"),
    "number_to": N_("Member number up to"),
    "joined_from": N_("Joined from"),
    "joined_to": N_("Joined until"),
    "leaves_from": N_("Leaves from"),
    "leaves_to": N_("Leaves until"),
    "language": N_("Language"),
    "email": N_("E-mail address"),
    "login": N_("Login"),
    "postcode": N_("Postal code begins with"),
    "address": N_("Address contains"),
}
SEARCH_CHOICES = {"kind": KINDS, "standing": STANDINGS, "email": EMAIL, "login": LOGIN, "language": LANGUAGES}
_TONES = {
    "applying": ("info", "file-clock"),
    "active": ("good", "check"),
    "on_leave": ("warn", "pause"),
    "leaving": ("warn", "calendar-clock"),
    "left": ("neutral", "log-out"),
    "withdrawn_application": ("neutral", "undo-2"),
    "expelled": ("bad", "ban"),
}
BADGES = {code: Badge(text, *_TONES[code]) for code, text in STANDINGS.items()}
_WAYS = {"read": N_("look"), "write": N_("change")}
ROSTER_BADGES = {
    "checking": Badge(N_("Being checked"), "info", "loader"),
    "checked": Badge(N_("Checked"), "warn", "clipboard-check"),
    "importing": Badge(N_("Being imported"), "info", "loader"),
    "imported": Badge(N_("Imported"), "good", "check"),
    "discarded": Badge(N_("Discarded"), "neutral", "trash-2"),
}
REQUEST_NAMES = {"name": N_("Change of name"), "leave": N_("Leave of absence"), "withdrawal": N_("Withdrawal")}
REQUEST_BADGES = {
    "waiting": Badge(N_("Waiting for the secretariat"), "info", "clock"),
    "accepted": Badge(N_("Accepted"), "good", "check"),
    "refused": Badge(N_("Refused"), "bad", "ban"),
    "taken_back": Badge(N_("Taken back"), "neutral", "undo-2"),
}
ANNOUNCEMENT_BADGES = {
    "scheduled": Badge(N_("To be shown"), "info", "calendar-clock"),
    "published": Badge(N_("Shown"), "good", "megaphone"),
    "over": Badge(N_("Over"), "neutral", "timer-off"),
    "withdrawn": Badge(N_("Taken off"), "warn", "eye-off"),
}

CONTACT_STATES = {"ended": N_("Contacts of the past"), "all": N_("Present and past")}
DATA_WORDS = {"own": N_("downloaded by the person"), "whole": N_("downloaded by the office")}
CARD_WORDS = {"renewed": N_("new code"), "revoked": N_("code revoked")}


ROSTER_MODES = {
    "both": N_("New members and changes of known ones"),
    "add": N_("Only new members"),
    "change": N_("Only changes of known members"),
}
RECORD_MODES = {
    "add": N_("Add records"),
    "change": N_("Change records"),
    "remove": N_("Remove records"),
}
RECORD_SOURCES = {"hand": N_("by hand"), "import": N_("by import")}


def kind_choices() -> list[tuple[str, str]]:
    return [(code, _(text)) for code, text in KINDS.items()]


def standing_choices() -> list[tuple[str, str]]:
    return [(code, _(text)) for code, text in STANDINGS.items()]


def category_choices(uow: UnitOfWork) -> list[tuple[str, str]]:
    return [(row.code, row.name_in(language())) for row in list_categories(uow)]


def recorded_word(name: str, value: Any, categories: Mapping[str, str]) -> Any:
    """A value of the audit trail as people read it: codes of standings and categories become words."""
    if name == "standing":
        return _(STANDINGS[value]) if value in STANDINGS else value
    if name == "category":
        return categories.get(value, value)
    if name == "language":
        return LANGUAGES.get(value, value)
    if name == "kind":
        return _(PERSON_KINDS.get(value, value))
    if name == "duty":
        return _(DUTIES[value]) if value in DUTIES else value
    if name == "custom" and value:
        return "; ".join(f"{field}: {text}" for field, text in value.items())
    if name == "public":
        return _("Yes") if value else _("No")
    if name == "request" and value:
        kind, state = value.split(" ", 1)
        return f"{_(REQUEST_NAMES[kind])}: {_(REQUEST_BADGES[state].text)}"
    if name == "data" and value:
        return _(DATA_WORDS[value])
    if name == "card" and value:
        return _(CARD_WORDS[value])
    if name == "certificate" and value:
        number, written_in = value.split(" ", 1)
        return f"{_('Issue No. %(number)s', number=number)} ({LANGUAGES[written_in]})"
    if name in ("history", "categories") and value:
        entries = (entry.split(" ", 1) for entry in value.split("; "))
        named = {code: _(text) for code, text in STANDINGS.items()} if name == "history" else categories
        return "; ".join(f"{day} {named.get(code, code)}" for day, code in entries)
    return value


class FormSchema(PersonSchema):
    """The whole form: what is left empty becomes empty."""

    kana = fields.String(load_default="")
    roman = fields.String(load_default="")
    email = fields.String(load_default=None)
    number = fields.String(load_default=None)
    category = fields.String(required=True)
    joined_on = fields.Date(load_default=None, validate=possible_day)
    leaves_on = fields.Date(load_default=None, validate=possible_day)
    affiliation = fields.String(load_default="")
    postcode = fields.String(load_default="")
    address = fields.String(load_default="")
    phone = fields.String(load_default="")
    note = fields.String(load_default="")

    class Meta:
        exclude = ("custom",)


class ChangedSchema(FormSchema):
    """The form of somebody who is there: the standing has a page of its own."""

    class Meta:
        exclude = ("custom", "standing", "leaves_on")


def scope_name(scope: str) -> str:
    """What a scope of an integration is called: `billing:read`."""
    service, _colon, way = scope.partition(":")
    return str(_("%(service)s: %(way)s", service=_(SERVICES[service][0]), way=_(_WAYS[way])))
