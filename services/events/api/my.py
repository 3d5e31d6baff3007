"""Events for the one who asks: what there is, register, cancel."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from flask.views import MethodView
from flask_smorest import Blueprint

from services.events.api.schemas import EventForMembersSchema, RegistrationSchema
from services.events.catalogue import events_for_members, published_event
from services.events.models import EventRow, RegistrationRow
from services.events.registrations import cancel_registration, register, registrations_of
from services.events.roles import TAKE_PART, own_person
from shared.web.access import allow, principal, reading, unit

api = Blueprint(
    "my_events_api", __name__, url_prefix="/events/api/my", description="Events and registrations of oneself"
)


@api.route("/events")
class MyEvents(MethodView):
    @allow(*TAKE_PART)
    @api.response(200, EventForMembersSchema(many=True))
    def get(self) -> Sequence[EventRow]:
        """Events that are listed on My Page."""
        with reading() as uow:
            return events_for_members(uow)


@api.route("/events/<uuid:id>")
class MyEvent(MethodView):
    @allow(*TAKE_PART)
    @api.response(200, EventForMembersSchema)
    def get(self, id: UUID) -> EventRow:
        """One published event, listed or not."""
        with reading() as uow:
            return published_event(uow, str(id))


@api.route("/events/<uuid:id>/registration")
class MyRegistration(MethodView):
    @allow(*TAKE_PART)
    @api.response(201, RegistrationSchema)
    def post(self, id: UUID) -> RegistrationRow:
        """Take a seat."""
        with unit() as uow:
            return register(uow, str(id), own_person(principal()))


@api.route("/registrations")
class MyRegistrations(MethodView):
    @allow(*TAKE_PART)
    @api.response(200, RegistrationSchema(many=True))
    def get(self) -> list[RegistrationRow]:
        """One's own live registrations for events that are not over."""
        with reading() as uow:
            return [registration for registration, _event in registrations_of(uow, own_person(principal()))]


@api.route("/registrations/<uuid:id>/cancel")
class MyCancellation(MethodView):
    @allow(*TAKE_PART)
    @api.response(200, RegistrationSchema)
    def post(self, id: UUID) -> RegistrationRow:
        """Give one's seat back, until 24:00 of the last day of registration."""
        with unit() as uow:
            return cancel_registration(uow, str(id), person_id=own_person(principal()))
