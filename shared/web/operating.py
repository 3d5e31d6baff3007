"""The operator's page of a service, at `/<service>/operator`: how far it is behind, and what is parked and why.

Operators look after the installation: they see messages of all its societies, never a text of a person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import format_timedelta, ngettext
from flask_babel import gettext as _
from marshmallow import Schema, fields, validate

from shared.audit import AuditRow
from shared.bus import lag, parked
from shared.bus.inbox import InboxRow
from shared.bus.parked import ParkedGroup, Which
from shared.bus.replay import FASTEST, discard, replay
from shared.capabilities import may
from shared.errors import N_, InvalidInput, NotFound
from shared.service import RunningService
from shared.society import SocietyRow
from shared.web.access import allow, principal
from shared.web.badges import Badge
from shared.web.forms import form_again, load_form
from shared.web.i18n import language
from shared.web.navigation import SERVICES

TITLES = {name: label for name, (label, _icon) in SERVICES.items()}
STATES = {
    "waiting": Badge(N_("Waiting"), "neutral", "clock"),
    "retrying": Badge(N_("Is tried again"), "info", "rotate-cw"),
    "handled": Badge(N_("Handled"), "good", "check"),
    "parked": Badge(N_("Parked"), "bad", "circle-alert"),
    "discarded": Badge(N_("Discarded"), "neutral", "trash-2"),
}
DEEDS = {
    "replay-message": N_("Tried again"),
    "discard-message": N_("Discarded"),
}
LISTED = 50  # messages of a group on its page
AT_ONCE = 10_000  # messages that one click sets going; the next click takes the next ones
SLOW = 60.0  # seconds of waiting that are worth a look


class ActSchema(Schema):
    """What is to be done to which messages; without id, group and type: to all."""

    id = fields.UUID(load_default=None)
    group = fields.String(load_default=None, validate=validate.Regexp(r"[0-9a-f]{10}"))
    type = fields.String(load_default=None, validate=validate.Length(max=200))
    rate = fields.Integer(load_default=None, validate=validate.Range(min=1, max=int(FASTEST)))
    reason = fields.String(required=True, validate=validate.Length(min=1, max=500))


@dataclass(frozen=True)
class Chosen:
    """What an action is about, as its page shows it."""

    count: int
    type: str
    error: str
    fields: dict[str, str]


def make_blueprint(running: RunningService) -> Blueprint:
    pages = Blueprint("kit_operating", __name__, url_prefix=f"/{running.name}/operator")
    title = TITLES.get(running.name, running.name)

    @pages.context_processor
    def _words() -> dict[str, Any]:
        return {"own": running.name, "own_title": title, "age": _age, "slow": SLOW, "state_badges": STATES}

    @pages.get("")
    @allow(*may("operate"))
    def look() -> ResponseReturnValue:
        groups = parked.list_parked(running)
        return render_template(
            "kit/operating.html",
            lag=lag.measure(running),
            groups=groups,
            types=sorted({group.type for group in groups}),
            others={name: text for name, text in TITLES.items() if name != running.name},
        )

    @pages.get("/figures")
    @allow(*may("operate"))
    def figures() -> ResponseReturnValue:
        template = "kit/operating_line.html" if "brief" in request.args else "kit/operating_figures.html"
        return render_template(template, lag=lag.measure(running))

    @pages.get("/groups/<code>")
    @allow(*may("operate"))
    def show_group(code: str) -> ResponseReturnValue:
        group = _group(running, code)
        return render_template(
            "kit/operating_group.html", group=group, messages=_messages(running, Which(type=group.type, group=code))
        )

    @pages.get("/messages/<uuid:id>")
    @allow(*may("operate"))
    def show_message(id: UUID) -> ResponseReturnValue:
        message = parked.show(running, str(id))
        return render_template(
            "kit/operating_message.html",
            message=message,
            society=_society_name(running, message.society),
            deeds=_deeds_about(running, message.society, message.id),
            deed_names=DEEDS,
        )

    @pages.get("/replay")
    @allow(*may("operate"))
    def ask_replay() -> ResponseReturnValue:
        return render_template("kit/operating_act.html", act="replay", chosen=_chosen(running, request.args))

    @pages.get("/discard")
    @allow(*may("operate"))
    def ask_discard() -> ResponseReturnValue:
        return render_template("kit/operating_act.html", act="discard", chosen=_chosen(running, request.args))

    @pages.post("/replay")
    @allow(*may("operate"))
    def do_replay() -> ResponseReturnValue:
        try:
            given = load_form(ActSchema)
        except InvalidInput as error:
            return form_again("kit/operating_act.html", error, act="replay", chosen=_chosen(running, request.form))
        told = {"reason": given["reason"], "actor": principal().actor, "rate": given["rate"]}
        done = replay(running, _which(given), **told, limit=AT_ONCE)
        flash(
            ngettext("One message is tried again.", "%(count)s messages are tried again.", done.count, count=done.count)
        )
        return _after(done.count)

    @pages.post("/discard")
    @allow(*may("operate"))
    def do_discard() -> ResponseReturnValue:
        try:
            given = load_form(ActSchema)
        except InvalidInput as error:
            return form_again("kit/operating_act.html", error, act="discard", chosen=_chosen(running, request.form))
        count = discard(running, _which(given), reason=given["reason"], actor=principal().actor, limit=AT_ONCE)
        flash(ngettext("One message is discarded.", "%(num)s messages are discarded.", count))
        return _after(count)

    return pages


def _after(count: int) -> ResponseReturnValue:
    if count == AT_ONCE:
        flash(_("More are parked: they can be taken in the same way, %(count)s at a time.", count=f"{count:,}"), "info")
    return redirect(url_for("kit_operating.look"), 303)


def _group(running: RunningService, code: str) -> ParkedGroup:
    """Raises NotFound, also when its last message was just replayed."""
    for group in parked.list_parked(running):
        if group.code == code:
            return group
    raise NotFound


def _which(given: Mapping[str, Any]) -> Which:
    return Which(ids=[str(given["id"])] if given["id"] else None, type=given["type"], group=given["group"])


def _chosen(running: RunningService, given: Mapping[str, str]) -> Chosen:
    """From an address or a form; nonsense in it is not found."""
    named = {name: given[name] for name in ("id", "group", "type") if given.get(name)}
    try:
        id = str(UUID(named["id"])) if "id" in named else None
    except ValueError:
        raise NotFound from None
    which = Which(ids=[id] if id else None, type=named.get("type"), group=named.get("group"))
    group = _group(running, named["group"]) if "group" in named else None
    count = len(parked.ids_of(running, which))
    if not count:
        raise NotFound
    about = parked.show(running, id) if id else group
    return Chosen(count, about.type if about else named.get("type", ""), about.error if about else "", named)


def _messages(running: RunningService, which: Which) -> list[InboxRow]:
    ids = parked.ids_of(running, which)[:LISTED]
    with running.session(reading=True) as session:
        rows = {row.id: row for row in session.scalars(sa.select(InboxRow).where(InboxRow.id.in_(ids)))}
    return [rows[id] for id in ids if id in rows]


def _society_name(running: RunningService, society: str | None) -> str:
    with running.session(reading=True) as session:
        found = session.get(SocietyRow, society) if society else None
    if found is None:
        return society or ""
    return (found.name_en or found.name) if language() == "en" else found.name


def _deeds_about(running: RunningService, society: str | None, id: str) -> list[AuditRow]:
    if society is None:
        return []
    with running.unit(society, reading=True) as uow:
        about = sa.select(AuditRow).where(AuditRow.subject == f"message/{id}").order_by(AuditRow.at)
        return list(uow.session.scalars(about))


def _age(seconds: float) -> str:
    return str(format_timedelta(timedelta(seconds=round(seconds)), granularity="second", threshold=2))
