"""Sent mail 送信済みメール (N2): whether, when and to whom each letter went, its full text, and how delivery went."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from services.notifications.disclosure import hides_link, text_for
from services.notifications.erasure import WHY
from services.notifications.letters import queue_depth, recipients, resend_letter, search_letters
from services.notifications.models import OPEN, RESENDABLE, STATES, LetterRow
from services.notifications.pages.words import KIND_NAMES, REASONS, STATE_BADGES, pieces
from services.notifications.roles import LETTERS_RESEND, LETTERS_SEE
from shared.web.access import allow, principal, reading, unit
from shared.web.listing import list_rows

letters_pages = Blueprint("letters", __name__, url_prefix="/notifications/console/letters")


@letters_pages.get("")
@allow(*LETTERS_SEE)
def list_letters() -> ResponseReturnValue:
    chosen = {name: request.args.get(name, "").strip() for name in ("q", "state", "kind")}
    with reading() as uow:
        listed = list_rows(
            uow.session,
            search_letters(text=chosen["q"], state=chosen["state"], kind=chosen["kind"]),
            {"queued_at": LetterRow.id, "kind": LetterRow.kind, "state": LetterRow.state},
            sort="-queued_at",
            unique=LetterRow.id,
        )
        depth = queue_depth(uow)
        return render_template(
            "notifications/letters.html",
            listed=listed,
            to=recipients(uow, listed.rows),
            counts={
                "waiting": sum(depth.get(state, 0) for state in OPEN),
                "sent": depth.get("sent", 0),
                "trouble": sum(depth.get(state, 0) for state in RESENDABLE),
            },
            states=[(state, STATE_BADGES[state].text) for state in STATES],
            kinds=list(KIND_NAMES.items()),
            badge_table=STATE_BADGES,
            kind_names=KIND_NAMES,
        )


@letters_pages.get("/<uuid:id>")
@allow(*LETTERS_SEE)
def show_letter(id: UUID) -> ResponseReturnValue:
    who = principal()
    with reading() as uow:
        letter = uow.get(LetterRow, str(id))
        text = text_for(uow, letter, who)
        return render_template(
            "notifications/letter.html",
            letter=letter,
            to=recipients(uow, [letter])[letter.id],
            pieces=pieces(text) if text else [],
            link_hidden=hides_link(uow, letter, who),
            may_resend=letter.state in RESENDABLE and who.may(*LETTERS_RESEND),
            badge_table=STATE_BADGES,
            kind_names=KIND_NAMES,
            reasons=REASONS,
            erased=WHY,
        )


@letters_pages.post("/<uuid:id>/resend")
@allow(*LETTERS_RESEND)
def resend(id: UUID) -> ResponseReturnValue:
    with unit() as uow:
        resend_letter(uow, str(id))
    flash(_("The letter will be sent again."))
    return redirect(url_for("letters.show_letter", id=id), 303)
