"""Announcements お知らせ in the console: written, shown as members see them, put in order, taken off."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import sqlalchemy as sa
from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from marshmallow import Schema, fields

from services.members.announcements.attachments import LARGEST, MOST, attach_file, attachments_of, remove_attachment
from services.members.announcements.audience import STANDINGS_ON_MY_PAGE, count_readers
from services.members.announcements.editing import (
    WAYS,
    add_announcement,
    change_announcement,
    copy_announcement,
    move_announcement,
    remove_announcement,
    restore_announcement,
    withdraw_announcement,
)
from services.members.announcements.file_kinds import KINDS
from services.members.announcements.reading import count_reads
from services.members.announcements.telling import MORNING
from services.members.api.announcements import AnnouncementSchema
from services.members.models import AnnouncementRow
from services.members.pages.words import ANNOUNCEMENT_BADGES, category_choices
from services.members.roles import MEMBERS_CHANGE, MEMBERS_SEE
from services.members.standings.words import STANDINGS
from shared.errors import TsudoiError
from shared.ids import new_id
from shared.tables.limits import MEBI
from shared.uow import UnitOfWork
from shared.web.access import allow, principal, reading, unit
from shared.web.forms import form_again, load_form
from shared.web.listing import list_rows

pages = Blueprint("announcements", __name__, url_prefix="/members/console/announcements")
TOGETHER = 60  # MiB of files in one form: with all that is around them, the kit takes 64
ORDER = {"place": AnnouncementRow.ordinal}


class OnceSchema(Schema):
    """`id`: of what the form is to make, so that sending it twice means once."""

    id = fields.UUID(load_default=new_id)


class NewSchema(OnceSchema, AnnouncementSchema):
    pass


@pages.get("")
@allow(*MEMBERS_SEE)
def show_announcements() -> ResponseReturnValue:
    with reading() as uow:
        statement = sa.select(AnnouncementRow)
        listed = list_rows(uow.session, statement, ORDER, sort="place", unique=AnnouncementRow.id.desc())
        return render_template(
            "members/announcements.html",
            listed=listed,
            with_files={file.announcement_id for file in attachments_of(uow, [row.id for row in listed.rows])},
            moved=request.args.get("moved"),
            moved_way=request.args.get("way"),
            **_words(uow, *listed.rows),
        )


@pages.get("/new")
@allow(*MEMBERS_CHANGE)
def show_adding() -> ResponseReturnValue:
    with reading() as uow:
        return render_template("members/announcement_form.html", values={"id": new_id()}, **_form_context(uow))


@pages.post("")
@allow(*MEMBERS_CHANGE)
def add() -> ResponseReturnValue:
    try:
        given = load_form(NewSchema)
        id = str(given.pop("id"))
        with unit() as uow:
            row = add_announcement(uow, given, id=id)
            _attach(uow, row.id)
    except TsudoiError as error:
        with reading() as uow:
            return form_again("members/announcement_form.html", error, **_form_context(uow))
    flash(_("The announcement was saved."))
    return redirect(url_for("announcements.show_announcement", id=row.id), 303)


@pages.get("/<uuid:id>")
@allow(*MEMBERS_SEE)
def show_announcement(id: UUID) -> ResponseReturnValue:
    with reading() as uow:
        row = uow.get(AnnouncementRow, str(id))
        return render_template(
            "members/announcement.html",
            announcement=row,
            files=attachments_of(uow, [row.id]),
            readers=count_readers(uow, row),
            reads=count_reads(uow, row.id),
            copy_id=new_id(),
            **_words(uow, row),
        )


@pages.get("/<uuid:id>/edit")
@allow(*MEMBERS_CHANGE)
def show_editing(id: UUID) -> ResponseReturnValue:
    with reading() as uow:
        row = uow.get(AnnouncementRow, str(id))
        values = {name: getattr(row, name) for name in (*AnnouncementSchema().fields, "revision")}
        return render_template("members/announcement_form.html", values=values, **_form_context(uow, row))


@pages.post("/<uuid:id>/edit")
@allow(*MEMBERS_CHANGE)
def edit(id: UUID) -> ResponseReturnValue:
    try:
        given = load_form(AnnouncementSchema)
        with unit() as uow:
            change_announcement(uow, str(id), given, revision=request.form.get("revision", type=int))
            _attach(uow, str(id))
    except TsudoiError as error:
        with reading() as uow:
            row = uow.get(AnnouncementRow, str(id))
            return form_again("members/announcement_form.html", error, **_form_context(uow, row))
    flash(_("The changes were saved."))
    return redirect(url_for("announcements.show_announcement", id=id), 303)


@pages.post(f"/<uuid:id>/<any({', '.join(WAYS)}):way>")
@allow(*MEMBERS_CHANGE)
def move(id: UUID, way: str) -> ResponseReturnValue:
    with unit() as uow:
        move_announcement(uow, str(id), way)
    page = request.args.get("page", type=int)
    return redirect(url_for("announcements.show_announcements", moved=id, way=way, page=page), 303)


@pages.post("/<uuid:id>/copy")
@allow(*MEMBERS_CHANGE)
def copy(id: UUID) -> ResponseReturnValue:
    copy_id = str(load_form(OnceSchema)["id"])
    with unit() as uow:
        row = copy_announcement(uow, str(id), copy_id=copy_id)
    flash(_("This is the copy: a draft, which nobody sees yet."))
    return redirect(url_for("announcements.show_editing", id=row.id), 303)


@pages.post("/<uuid:id>/withdraw")
@allow(*MEMBERS_CHANGE)
def withdraw(id: UUID) -> ResponseReturnValue:
    with unit() as uow:
        withdraw_announcement(uow, str(id))
    flash(_("The announcement is taken off: nobody sees it any more."))
    return redirect(url_for("announcements.show_announcement", id=id), 303)


@pages.post("/<uuid:id>/restore")
@allow(*MEMBERS_CHANGE)
def restore(id: UUID) -> ResponseReturnValue:
    with unit() as uow:
        restore_announcement(uow, str(id))
    flash(_("The period of the announcement counts again."))
    return redirect(url_for("announcements.show_announcement", id=id), 303)


@pages.post("/<uuid:id>/remove")
@allow(*MEMBERS_CHANGE)
def remove(id: UUID) -> ResponseReturnValue:
    with unit() as uow:
        remove_announcement(uow, str(id))
    flash(_("The announcement and its files were deleted."))
    return redirect(url_for("announcements.show_announcements"), 303)


@pages.post("/<uuid:id>/attachments/<uuid:file>/remove")
@allow(*MEMBERS_CHANGE)
def remove_file(id: UUID, file: UUID) -> ResponseReturnValue:
    with unit() as uow:
        remove_attachment(uow, str(id), str(file))
    flash(_("The file was removed."))
    return redirect(url_for("announcements.show_announcement", id=id), 303)


def _attach(uow: UnitOfWork, id: str) -> None:
    for file in request.files.getlist("file"):
        if file.filename:
            attach_file(uow, id, file.filename, file.stream)


def _words(uow: UnitOfWork, *rows: AnnouncementRow) -> dict[str, Any]:
    categories = dict(category_choices(uow))
    standings = {code: _(STANDINGS[code]) for code in STANDINGS_ON_MY_PAGE}
    return {
        "badges_of": ANNOUNCEMENT_BADGES,
        "category_names": categories,
        "standing_names": standings,
        "for_whom": {row.id: _for_whom(row, categories, standings) for row in rows},
        "today": uow.today,
        "morning": f"{MORNING.hour}:{MORNING.minute:02}",
        "may_change": principal().may(*MEMBERS_CHANGE),
    }


def _for_whom(row: AnnouncementRow, categories: dict[str, str], standings: dict[str, str]) -> str:
    named = ((categories, row.categories), (standings, row.standings))
    narrowed = [_(", ").join(names.get(code, code) for code in codes) for names, codes in named if codes]
    return " / ".join(narrowed) or _("All members")


def _form_context(uow: UnitOfWork, row: AnnouncementRow | None = None) -> dict[str, Any]:
    words = _words(uow)
    gone = {code: code for code in (row.categories if row else ()) if code not in words["category_names"]}
    return {
        **words,
        "announcement": row,
        "category_choices": [*words["category_names"].items(), *gone.items()],
        "accept": ",".join(f".{ending}" for ending in KINDS),
        "kinds": ", ".join(KINDS),
        "most": MOST,
        "largest": LARGEST // MEBI,
        "together": TOGETHER,
    }
