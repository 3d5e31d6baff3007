"""Members in the console: search, look, add, change, export, invite."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

from flask import (
    Blueprint,
    flash,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from marshmallow import Schema

from services.members.accounts import account_of, ensure_account
from services.members.corporations.acting import corporation_of
from services.members.corporations.contacts import DUTIES
from services.members.corporations.following import contacts_of
from services.members.custom_fields.finding import list_fields, used_fields
from services.members.duplicates.merging import merged_with
from services.members.duplicates.pairs import namesakes
from services.members.export import Export
from services.members.histories.changing import history_of
from services.members.histories.tracks import TRACKS
from services.members.invitations import start_invitations
from services.members.login_policy import factor_of
from services.members.members import CHANGEABLE, add_member, change_member, free_address
from services.members.models import AccountRow, CustomFieldRow, MemberRow
from services.members.pages.addresses import asks_for_address, with_address
from services.members.pages.changes import changes_of
from services.members.pages.custom_input import facts, input_values, other_facts, typed
from services.members.pages.finding import asked_search, list_context, list_members, ticked
from services.members.pages.words import (
    BADGES,
    ChangedSchema,
    FormSchema,
    category_choices,
    kind_choices,
    standing_choices,
)
from services.members.password_links import send_link
from services.members.person_input import read_person
from services.members.records.finding import records_of
from services.members.roles import MEMBERS_CHANGE, MEMBERS_SEE
from services.members.search import matching
from services.members.search_conditions import EVERYBODY, KINDS, MemberSearch
from services.members.second_factor import remove_factor
from services.members.standings.words import ENDED, STANDINGS
from shared import jobs
from shared.errors import Forbidden, InvalidInput, NotFound, TsudoiError
from shared.tables.writing import Cell
from shared.uow import UnitOfWork
from shared.web.access import allow, principal, reading, running_service, unit
from shared.web.forms import form_again, load_form
from shared.web.i18n import language
from shared.web.sheets import sheet_answer

pages = Blueprint("members", __name__, url_prefix="/members/console/members")
LATEST_RECORDS = 5


@pages.get("")
@allow(*MEMBERS_SEE)
def show_members() -> ResponseReturnValue:
    with reading() as uow:
        try:
            search = asked_search(uow)
        except InvalidInput as error:
            return form_again("members/members.html", error, **list_context(uow, EVERYBODY, None))
        return render_template("members/members.html", **list_context(uow, search, list_members(uow, search)))


@pages.get("/export.<any(csv, xlsx):kind>")
@allow(*MEMBERS_SEE)
def export(kind: str) -> ResponseReturnValue:
    """What the search finds, all of it."""
    with reading() as uow:
        search = asked_search(uow)

    def sheet(uow: UnitOfWork) -> tuple[list[str], Iterator[list[Cell]]]:
        found = _export(uow, search)
        return found.headers, found.rows()

    return sheet_answer("members", kind, _("Members"), sheet)


@pages.get("/new")
@allow(*MEMBERS_CHANGE)
def show_adding() -> ResponseReturnValue:
    with reading() as uow:
        values = {"kind": "individual", "standing": "active", "language": "ja", "joined_on": uow.today}
        return render_template("members/member_form.html", values=values, **_form_context(uow))


@pages.post("")
@allow(*MEMBERS_CHANGE)
def add() -> ResponseReturnValue:
    with reading() as uow:
        form = _form_context(uow)
    if asks_for_address():
        return with_address("members/member_form.html", **form)
    try:
        given = _given(FormSchema, form["custom_fields"])
        with unit() as uow:
            row = add_member(uow, given)
    except TsudoiError as error:
        return form_again("members/member_form.html", error, **form)
    flash(_("%(name)s was added.", name=row.name))
    return redirect(url_for("members.show_member", id=row.id), 303)


@pages.get("/<uuid:id>")
@allow(*MEMBERS_SEE)
def show_member(id: UUID) -> ResponseReturnValue:
    with reading() as uow:
        row = uow.get(MemberRow, str(id))
        if row.kind == "contact":
            corporation = corporation_of(uow, row.id)
            return redirect(url_for("contacts.show_contact", member=corporation.id, id=row.id))
        account, fields = account_of(uow, row.id), list_fields(uow)
        known = [field for field in fields if field.key in row.custom or not field.retired_at]
        merged = merged_with(uow, row.id)
        return render_template(
            "members/member.html",
            member=row,
            account=account,
            custom_facts=facts(known, row.custom),
            other_facts=other_facts(fields, row.custom),
            has_factor=account is not None and factor_of(uow, account.id) is not None,
            coming=[e for track in TRACKS for e in history_of(uow, track, row.id) if not e.in_force_at],
            records=records_of(uow, row.id, LATEST_RECORDS),
            is_member=row.kind in KINDS,
            contacts=contacts_of(uow, row.id) if row.kind == "corporate" else [],
            duties=DUTIES,
            badges_of=BADGES,
            may_change=principal().may(*MEMBERS_CHANGE),
            may_be_invited=_may_be_invited(row),
            may_free_address=bool(row.email) and row.standing in ENDED,
            **changes_of(uow, row.id, *(each.id for each in merged)),
            merged=merged,
            namesakes=namesakes(uow, row) if principal().may(*MEMBERS_CHANGE) else (),
        )


@pages.get("/<uuid:id>/edit")
@allow(*MEMBERS_CHANGE)
def show_editing(id: UUID) -> ResponseReturnValue:
    with reading() as uow:
        row = uow.get(MemberRow, str(id))
        form = _form_context(uow, row)
        values: dict[str, Any] = {name: getattr(row, name) for name in CHANGEABLE if name != "custom"}
        values |= {"revision": row.revision, **input_values(form["custom_fields"], row.custom)}
        return render_template("members/member_form.html", values=values, **form)


@pages.post("/<uuid:id>/edit")
@allow(*MEMBERS_CHANGE)
def edit(id: UUID) -> ResponseReturnValue:
    with reading() as uow:
        form = _form_context(uow, uow.get(MemberRow, str(id)))
    if asks_for_address():
        return with_address("members/member_form.html", **form)
    try:
        given = _given(ChangedSchema, form["custom_fields"])
        with unit() as uow:
            change_member(uow, str(id), given, revision=request.form.get("revision", type=int))
    except TsudoiError as error:
        return form_again("members/member_form.html", error, **form)
    flash(_("The changes were saved."))
    return redirect(url_for("members.show_member", id=id), 303)


@pages.post("/<uuid:id>/invite")
@allow(*MEMBERS_CHANGE)
def invite(id: UUID) -> ResponseReturnValue:
    """A link to set the password, now."""
    with unit() as uow:
        person = uow.get(MemberRow, str(id), lock=True)
        if not _may_be_invited(person):
            raise InvalidInput
        account = ensure_account(uow, person)
        send_link(
            uow,
            account,
            person,
            public_url=running_service().settings.public_url,
            welcome=account.password_hash is None,
        )
    flash(_("A link to set the password is on its way to %(email)s.", email=person.email))
    return redirect(url_for("members.show_member", id=id), 303)


@pages.post("/<uuid:id>/free-address")
@allow(*MEMBERS_CHANGE)
def free(id: UUID) -> ResponseReturnValue:
    """So that the person can be registered anew with it."""
    with unit() as uow:
        free_address(uow, str(id))
    flash(_("The e-mail address is free. The history of changes keeps it."))
    return redirect(url_for("members.show_member", id=id), 303)


@pages.post("/<uuid:id>/second-step/remove")
@allow(*MEMBERS_CHANGE)
def remove_second_step(id: UUID) -> ResponseReturnValue:
    """For members who have lost their phone; of staff only administrators do it."""
    with unit() as uow:
        account = account_of(uow, str(id))
        if account is None:
            raise NotFound
        if uow.get(AccountRow, account.id, lock=True).roles:
            raise Forbidden
        remove_factor(uow, account.id)
    flash(_("Two-step login is switched off."))
    return redirect(url_for("members.show_member", id=id), 303)


@pages.post("/invitations")
@allow(*MEMBERS_CHANGE)
def invite_many() -> ResponseReturnValue:
    """The members that were ticked, or everybody that the search finds."""
    ids = None if request.form.get("all") else ticked()
    with unit() as uow:
        job = start_invitations(uow, ids=ids, search=asked_search(uow, load_form))
    return redirect(url_for("members.show_invitations", id=job.id), 303)


@pages.get("/invitations/<uuid:id>")
@allow(*MEMBERS_SEE)
def show_invitations(id: UUID) -> ResponseReturnValue:
    with reading() as uow:
        job = jobs.look(uow, str(id))
    sentence = ngettext(
        "%(num)s invitation was sent.", "%(num)s invitations were sent.", (job.result or {}).get("invited", 0)
    )
    return render_template("members/invitations.html", job=job, sentence=sentence)


def _may_be_invited(row: MemberRow) -> bool:
    """Contacts are invited on a page of their own; instead of a corporate member whose letters they get, too."""
    return bool(row.email) and row.standing not in ENDED and row.kind != "contact" and not row.letters_to


def _export(uow: UnitOfWork, search: MemberSearch) -> Export:
    names = dict(category_choices(uow))
    words = {code: _(text) for code, text in STANDINGS.items()}
    return Export(
        uow,
        matching(search),
        language=language(),
        category=lambda c: names.get(c, c),
        standing=lambda s: words.get(s, s),
        on=search.on,
    )


def _given(schema: type[Schema], fields: Sequence[CustomFieldRow]) -> dict[str, Any]:
    return read_person({**load_form(schema), "custom": typed(fields)}, fields, language())


def _form_context(uow: UnitOfWork, member: MemberRow | None = None) -> dict[str, Any]:
    return {
        "member": member,
        "kinds": kind_choices(),
        "categories": category_choices(uow),
        "standings": standing_choices(),
        "custom_fields": used_fields(uow),
        "others": other_facts(list_fields(uow), member.custom) if member else [],
    }
