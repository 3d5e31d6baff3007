"""Events for the office: list, make, change, switch, see who comes."""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID

import sqlalchemy as sa
from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from services.events.api.schemas import METHODS, EventSchema, SwitchesSchema
from services.events.catalogue import all_events, change_event, create_event, set_switches
from services.events.models import EventRow, RegistrationRow
from services.events.pages.words import METHOD_NAMES, PAYMENT_BADGES, REGISTRATION_BADGES, TAX_NAMES
from services.events.participants import payment_state
from services.events.registrations import cancel_registration, counts_of, participants
from services.events.roles import EVENTS_CHANGE, EVENTS_SEE
from shared.errors import TsudoiError
from shared.people import PersonRow
from shared.web.access import allow, principal, reading, unit
from shared.web.forms import form_again, load_form
from shared.web.listing import list_rows
from shared.web.problems import translated

console_pages = Blueprint("events_console", __name__, url_prefix="/events/console/events")


@console_pages.get("")
@allow(*EVENTS_SEE)
def list_events() -> ResponseReturnValue:
    with reading() as uow:
        listed = list_rows(
            uow.session,
            all_events(request.args.get("q", "").strip()),
            {"starts_on": EventRow.starts_on, "title": EventRow.title, "taken": EventRow.taken},
            sort="-starts_on",
            unique=EventRow.id,
        )
        return render_template("events/events.html", listed=listed, may_change=principal().may(*EVENTS_CHANGE))


@console_pages.get("/new")
@allow(*EVENTS_CHANGE)
def new_event() -> ResponseReturnValue:
    return render_template("events/event_form.html", **_choices(), event=None)


@console_pages.post("")
@allow(*EVENTS_CHANGE)
def add_event() -> ResponseReturnValue:
    try:
        given = load_form(EventSchema)
        with unit() as uow:
            event = create_event(uow, given)
    except TsudoiError as error:
        return form_again("events/event_form.html", error, **_choices(), event=None)
    flash(_("The event was made. Members don't see it before you publish it."))
    return redirect(url_for("events_console.show_event", id=event.id), 303)


@console_pages.get("/<uuid:id>")
@allow(*EVENTS_SEE)
def show_event(id: UUID) -> ResponseReturnValue:
    text, state = request.args.get("q", ""), request.args.get("state", "")
    with reading() as uow:
        event = uow.get(EventRow, str(id))
        listed = list_rows(
            uow.session,
            cast("sa.Select[Any]", participants(event.id, text=text, state=state)),
            {"placed_at": RegistrationRow.placed_at, "kana": PersonRow.kana, "state": RegistrationRow.state},
            sort="placed_at",
            unique=RegistrationRow.id,
        )
        return render_template(
            "events/event.html",
            event=event,
            counts=counts_of(uow, event.id),
            listed=listed,
            payment_state=payment_state,
            registration_badges=REGISTRATION_BADGES,
            payment_badges=PAYMENT_BADGES,
            method_names=METHOD_NAMES,
            may_change=principal().may(*EVENTS_CHANGE),
        )


@console_pages.get("/<uuid:id>/edit")
@allow(*EVENTS_CHANGE)
def edit_event(id: UUID) -> ResponseReturnValue:
    with reading() as uow:
        event = uow.get(EventRow, str(id))
    values = {name: getattr(event, name) for name in EventSchema().fields}
    return render_template("events/event_form.html", **_choices(), event=event, values=values)


@console_pages.post("/<uuid:id>")
@allow(*EVENTS_CHANGE)
def save_event(id: UUID) -> ResponseReturnValue:
    with reading() as uow:
        event = uow.get(EventRow, str(id))
    try:
        given = load_form(EventSchema)
        with unit() as uow:
            change_event(uow, str(id), given)
    except TsudoiError as error:
        return form_again("events/event_form.html", error, **_choices(), event=event)
    flash(_("The event was saved."))
    return redirect(url_for("events_console.show_event", id=id), 303)


@console_pages.post("/<uuid:id>/switches")
@allow(*EVENTS_CHANGE)
def switch_event(id: UUID) -> ResponseReturnValue:
    try:
        given = load_form(SwitchesSchema)
        with unit() as uow:
            set_switches(uow, str(id), **given)
        flash(_("The switches were saved."))
    except TsudoiError as error:
        missing = [f"{_('Venue')}: {translated(fault)}" for fault in error.faults]
        flash(" ".join([translated(error), *missing]), "bad")
    return redirect(url_for("events_console.show_event", id=id), 303)


@console_pages.post("/<uuid:id>/registrations/<uuid:registration_id>/cancel")
@allow(*EVENTS_CHANGE)
def cancel(id: UUID, registration_id: UUID) -> ResponseReturnValue:
    with unit() as uow:
        cancel_registration(uow, str(registration_id))
    flash(_("The registration was cancelled and the seat is free."))
    return redirect(url_for("events_console.show_event", id=id), 303)


def _choices() -> dict[str, Any]:
    return {
        "methods": [(code, _(METHOD_NAMES[code])) for code in METHODS],
        "tax_classes": [(code, _(name)) for code, name in TAX_NAMES.items()],
    }
