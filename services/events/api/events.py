"""Events and their registrations, for the office."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from flask.views import MethodView
from flask_smorest import Blueprint

from services.events.api.schemas import EventSchema, EventShownSchema, RegistrationSchema, SwitchesSchema
from services.events.catalogue import change_event, create_event, list_events, set_switches
from services.events.models import EventRow, RegistrationRow
from services.events.registrations import cancel_registration
from services.events.roles import EVENTS_CHANGE, EVENTS_SEE
from shared.web.access import allow, reading, unit

api = Blueprint("events_api", __name__, url_prefix="/events/api", description="Events and registrations")


@api.route("/events")
class Events(MethodView):
    @allow(*EVENTS_SEE)
    @api.response(200, EventShownSchema(many=True))
    def get(self) -> Sequence[EventRow]:
        """All events, the latest first."""
        with reading() as uow:
            return list_events(uow)

    @allow(*EVENTS_CHANGE)
    @api.arguments(EventSchema)
    @api.response(201, EventShownSchema)
    def post(self, given: dict[str, Any]) -> EventRow:
        """Make an event; nobody but the office sees it yet."""
        with unit() as uow:
            return create_event(uow, given)


@api.route("/events/<uuid:id>")
class OneEvent(MethodView):
    @allow(*EVENTS_SEE)
    @api.response(200, EventShownSchema)
    def get(self, id: UUID) -> EventRow:
        """One event with the seats that are taken."""
        with reading() as uow:
            return uow.get(EventRow, str(id))

    @allow(*EVENTS_CHANGE)
    @api.arguments(EventSchema)
    @api.response(200, EventShownSchema)
    def put(self, given: dict[str, Any], id: UUID) -> EventRow:
        """Change an event, where no registration contradicts."""
        with unit() as uow:
            return change_event(uow, str(id), given)


@api.route("/events/<uuid:id>/switches")
class Switches(MethodView):
    @allow(*EVENTS_CHANGE)
    @api.arguments(SwitchesSchema)
    @api.response(200, EventShownSchema)
    def put(self, given: dict[str, bool], id: UUID) -> EventRow:
        """Publish, open registration, list on My Page."""
        with unit() as uow:
            return set_switches(uow, str(id), **given)


@api.route("/events/<uuid:id>/registrations")
class Registrations(MethodView):
    @allow(*EVENTS_SEE)
    @api.response(200, RegistrationSchema(many=True))
    def get(self, id: UUID) -> Sequence[RegistrationRow]:
        """All registrations of an event, cancelled ones too."""
        with reading() as uow:
            event = uow.get(EventRow, str(id))
            statement = sa.select(RegistrationRow).where(RegistrationRow.event_id == event.id)
            return uow.session.scalars(statement.order_by(RegistrationRow.id)).all()


@api.route("/registrations/<uuid:id>/cancel")
class Cancellation(MethodView):
    @allow(*EVENTS_CHANGE)
    @api.response(200, RegistrationSchema)
    def post(self, id: UUID) -> RegistrationRow:
        """Cancel somebody's registration; the seat is free again."""
        with unit() as uow:
            return cancel_registration(uow, str(id))
