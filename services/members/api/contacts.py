"""Contacts 連絡者 of corporate members, and the corporate My Page, for integrators (M14)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask.views import MethodView
from flask_smorest import Blueprint

from services.members.api.contact_schemas import (
    ContactChangeSchema,
    ContactEndSchema,
    ContactSchema,
    ContactsQuerySchema,
    CorporatePageSchema,
    told,
)
from services.members.corporations.acting import my_page_used
from services.members.corporations.contacts import (
    add_contact,
    change_contact,
    end_contact,
    invite_contact,
    make_main,
    resume_contact,
)
from services.members.corporations.following import contact_of, contacts_of
from services.members.corporations.my_page import use_my_page
from services.members.models import MemberRow
from services.members.person_input import read_person
from services.members.roles import MEMBERS_CHANGE, MEMBERS_SEE
from shared.web.access import allow, reading, running_service, unit

api = Blueprint("contacts_api", __name__, url_prefix="/members/api", description="Contacts of corporate members")
OF_MEMBER = "/members/<uuid:member>/contacts"


@api.route("/corporate-page")
class CorporatePage(MethodView):
    @allow(*MEMBERS_SEE)
    @api.response(200, CorporatePageSchema)
    def get(self) -> dict[str, bool]:
        """Does the society use the corporate My Page?"""
        with reading() as uow:
            return {"used": my_page_used(uow)}

    @allow(*MEMBERS_CHANGE)
    @api.arguments(CorporatePageSchema)
    @api.response(200, CorporatePageSchema)
    def put(self, given: dict[str, bool]) -> dict[str, bool]:
        """Use it, or no more: then contacts are logged out."""
        with unit() as uow:
            use_my_page(uow, given["used"])
        return given


@api.route(OF_MEMBER)
class Contacts(MethodView):
    @allow(*MEMBERS_SEE)
    @api.arguments(ContactsQuerySchema, location="query")
    @api.response(200, ContactSchema(many=True))
    def get(self, query: dict[str, bool], member: UUID) -> list[dict[str, Any]]:
        """Of a corporate member, the main one first."""
        with reading() as uow:
            corporation = uow.get(MemberRow, str(member))
            found = contacts_of(uow, corporation.id, ended=query["ended"])
            return [told((contact, person)) for contact, person in found]

    @allow(*MEMBERS_CHANGE)
    @api.arguments(ContactSchema)
    @api.response(201, ContactSchema)
    def post(self, given: dict[str, Any], member: UUID) -> dict[str, Any]:
        """Add a contact. Who is there already, all the same, is given back."""
        with unit() as uow:
            return told(add_contact(uow, str(member), read_person(given)))


@api.route(f"{OF_MEMBER}/<uuid:id>")
class OneContact(MethodView):
    @allow(*MEMBERS_SEE)
    @api.response(200, ContactSchema)
    def get(self, member: UUID, id: UUID) -> dict[str, Any]:
        """One contact."""
        with reading() as uow:
            return told(contact_of(uow, str(member), str(id)))

    @allow(*MEMBERS_CHANGE)
    @api.arguments(ContactChangeSchema(partial=True))
    @api.response(200, ContactSchema)
    def patch(self, given: dict[str, Any], member: UUID, id: UUID) -> dict[str, Any]:
        """Change some fields of a contact."""
        revision = given.pop("revision", None)
        with unit() as uow:
            contact_of(uow, str(member), str(id))
            return told(change_contact(uow, str(id), read_person(given), revision=revision))


@api.route(f"{OF_MEMBER}/<uuid:id>/main")
class MainContact(MethodView):
    @allow(*MEMBERS_CHANGE)
    @api.response(200, ContactSchema)
    def put(self, member: UUID, id: UUID) -> dict[str, Any]:
        """From now on this one gets the letters to the corporate member."""
        with unit() as uow:
            contact_of(uow, str(member), str(id))
            return told(make_main(uow, str(id)))


@api.route(f"{OF_MEMBER}/<uuid:id>/end")
class ContactEnd(MethodView):
    @allow(*MEMBERS_CHANGE)
    @api.arguments(ContactEndSchema)
    @api.response(200, ContactSchema)
    def put(self, given: dict[str, Any], member: UUID, id: UUID) -> dict[str, Any]:
        """From a day on they are no contact any more."""
        with unit() as uow:
            contact_of(uow, str(member), str(id))
            return told(end_contact(uow, str(id), given["ends_on"]))

    @allow(*MEMBERS_CHANGE)
    @api.response(200, ContactSchema)
    def delete(self, member: UUID, id: UUID) -> dict[str, Any]:
        """They go on, or are a contact again."""
        with unit() as uow:
            contact_of(uow, str(member), str(id))
            return told(resume_contact(uow, str(id)))


@api.route(f"{OF_MEMBER}/<uuid:id>/invitation")
class ContactInvitation(MethodView):
    @allow(*MEMBERS_CHANGE)
    @api.response(204)
    def post(self, member: UUID, id: UUID) -> None:
        """Mail the link to set a password for the corporate My Page."""
        with unit() as uow:
            contact_of(uow, str(member), str(id))
            invite_contact(uow, str(id), public_url=running_service().settings.public_url)
