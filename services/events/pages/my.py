"""Events on My Page: what there is, one event with its button, and one's own registrations."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from services.events.catalogue import events_for_members, published_event
from services.events.pages.words import REGISTRATION_BADGES
from services.events.registrations import (
    cancel_registration,
    live_registration,
    may_cancel,
    register,
    registrations_of,
    why_closed,
)
from services.events.roles import TAKE_PART, own_person
from shared.errors import TsudoiError
from shared.web.access import allow, principal, reading, unit
from shared.web.problems import translated

my_pages = Blueprint("my_events", __name__, url_prefix="/events/my")


@my_pages.get("/events")
@allow(*TAKE_PART)
def list_events() -> ResponseReturnValue:
    with reading() as uow:
        mine = {
            registration.event_id: registration
            for registration, _event in registrations_of(uow, own_person(principal()))
        }
        return render_template(
            "events/my_events.html",
            events=events_for_members(uow),
            mine=mine,
            registration_badges=REGISTRATION_BADGES,
            today=uow.today,
        )


@my_pages.get("/events/<uuid:id>")
@allow(*TAKE_PART)
def show_event(id: UUID) -> ResponseReturnValue:
    return _event_page("events/my_event.html", id)


@my_pages.get("/events/<uuid:id>/state")
@allow(*TAKE_PART)
def show_state(id: UUID) -> ResponseReturnValue:
    """The part of the page that changes while the invoice is being made."""
    return _event_page("events/my_event_state.html", id)


@my_pages.post("/events/<uuid:id>/register")
@allow(*TAKE_PART)
def take_part(id: UUID) -> ResponseReturnValue:
    try:
        with unit() as uow:
            registration = register(uow, str(id), own_person(principal()))
        if registration.state == "confirmed":
            flash(_("You are registered. We look forward to seeing you."))
        else:
            flash(_("Your seat is reserved. Please pay the fee to confirm it."))
    except TsudoiError as error:
        flash(translated(error), "bad")
    return redirect(url_for("my_events.show_event", id=id), 303)


@my_pages.post("/events/<uuid:id>/registrations/<uuid:registration_id>/cancel")
@allow(*TAKE_PART)
def give_back(id: UUID, registration_id: UUID) -> ResponseReturnValue:
    try:
        with unit() as uow:
            cancel_registration(uow, str(registration_id), person_id=own_person(principal()))
        flash(_("Your registration was cancelled."))
    except TsudoiError as error:
        flash(translated(error), "bad")
    return redirect(url_for("my_events.show_event", id=id), 303)


@my_pages.get("/registrations")
@allow(*TAKE_PART)
def my_registrations() -> ResponseReturnValue:
    """Fragment for the home of My Page."""
    with reading() as uow:
        mine = registrations_of(uow, own_person(principal()))
    return render_template("events/my_registrations.html", mine=mine, registration_badges=REGISTRATION_BADGES)


def _event_page(template: str, id: UUID) -> ResponseReturnValue:
    with reading() as uow:
        event = published_event(uow, str(id))
        why_not = why_closed(event, uow.today)
        return render_template(
            template,
            event=event,
            registration=live_registration(uow, event.id, own_person(principal())),
            why_not=translated(why_not) if why_not else None,
            may_cancel=may_cancel(event, uow.today),
            registration_badges=REGISTRATION_BADGES,
        )
