"""Members who are there twice 重複候補 in the console: the list, one pair side by side, and what was merged (M18+)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import sqlalchemy as sa
from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response

from services.members.accounts import account_of
from services.members.custom_fields.finding import list_fields
from services.members.custom_fields.words import in_words
from services.members.duplicates.choosing import CUSTOM, choices_of
from services.members.duplicates.evidence import reasons_in
from services.members.duplicates.finding import start_finding
from services.members.duplicates.joining import joints
from services.members.duplicates.merging import merge_members, merged_with, refuse_unlike
from services.members.duplicates.moving import count_moving
from services.members.duplicates.pairs import pairs_in, propose_again, tell_apart
from services.members.errors.duplicates import KeepTheOtherOne, MemberMerged
from services.members.histories.changing import history_of
from services.members.histories.tracks import TRACKS
from services.members.models import DuplicateRow, MemberRow
from services.members.pages.words import BADGES, FIELDS, category_choices
from services.members.roles import MEMBERS_CHANGE, MEMBERS_SEE
from shared import jobs
from shared.capabilities import role_name
from shared.errors import ChangedMeanwhile, InvalidInput, TsudoiError
from shared.identity import Role
from shared.uow import UnitOfWork
from shared.web.access import allow, principal, reading, unit
from shared.web.asking import is_navigation, wants_problem
from shared.web.forms import form_again
from shared.web.i18n import language
from shared.web.listing import list_rows
from shared.web.problems import answer_error

pages = Blueprint("duplicates", __name__, url_prefix="/members/console/duplicates")
ORDERS = {"score": DuplicateRow.score, "decided_at": DuplicateRow.decided_at}


@pages.get("")
@allow(*MEMBERS_SEE)
def show_duplicates() -> ResponseReturnValue:
    state = "different" if request.args.get("state") == "different" else "open"
    pair = sa.cast(DuplicateRow.first_id, sa.String) + sa.cast(DuplicateRow.second_id, sa.String)
    with reading() as uow:
        listed = list_rows(uow.session, pairs_in(state), ORDERS, sort="-score", unique=pair)
        return render_template(
            "members/duplicates.html",
            listed=listed,
            state=state,
            reasons_in=reasons_in,
            badges_of=BADGES,
            may_change=principal().may(*MEMBERS_CHANGE),
        )


@pages.post("")
@allow(*MEMBERS_CHANGE)
def find() -> ResponseReturnValue:
    with unit() as uow:
        job = start_finding(uow)
    return redirect(url_for("duplicates.show_finding", id=job.id), 303)


@pages.get("/search/<uuid:id>")
@allow(*MEMBERS_SEE)
def show_finding(id: UUID) -> ResponseReturnValue:
    with reading() as uow:
        job = jobs.look(uow, str(id))
    count = (job.result or {}).get("found", 0)
    sentence = ngettext("%(num)s pair was found.", "%(num)s pairs were found.", count)
    again = url_for("duplicates.show_duplicates")
    return render_template("members/finding_duplicates.html", job=job, sentence=sentence, again=again)


@pages.get("/choose")
@allow(*MEMBERS_CHANGE)
def choose() -> ResponseReturnValue:
    """Two members by number or e-mail address."""
    with reading() as uow:
        found = [_by_word(uow, request.args.get(name, "").strip()) for name in ("kept", "gone")]
    if not all(found):
        flash(_("There is no member with this number or e-mail address."), "warn")
        return redirect(url_for("duplicates.show_duplicates"), 303)
    return redirect(url_for("duplicates.show_pair", kept=found[0], gone=found[1]), 303)


@pages.get("/<uuid:kept>/<uuid:gone>")
@allow(*MEMBERS_CHANGE)
def show_pair(kept: UUID, gone: UUID) -> ResponseReturnValue:
    try:
        with reading() as uow:
            return render_template("members/merge.html", **_context(uow, kept, gone))
    except KeepTheOtherOne:
        return redirect(url_for("duplicates.show_pair", kept=gone, gone=kept))


@pages.post("/<uuid:kept>/<uuid:gone>")
@allow(*MEMBERS_CHANGE)
def merge(kept: UUID, gone: UUID) -> ResponseReturnValue:
    known = request.form.get("kept_revision", type=int), request.form.get("gone_revision", type=int)
    chosen = {name: which for name, which in request.form.items() if name in FIELDS or name.startswith(CUSTOM)}
    try:
        with unit() as uow:
            revisions = (known[0] or 0, known[1] or 0)
            row = merge_members(uow, str(kept), str(gone), chosen, revisions=revisions)
    except (InvalidInput, ChangedMeanwhile) as error:
        return _again(error, kept, gone)
    flash(_("The two records are one now: %(name)s.", name=row.name))
    return redirect(url_for("members.show_member", id=row.id), 303)


@pages.post("/<uuid:kept>/<uuid:gone>/different")
@allow(*MEMBERS_CHANGE)
def part(kept: UUID, gone: UUID) -> ResponseReturnValue:
    with unit() as uow:
        tell_apart(uow, str(kept), str(gone))
    flash(_("They are kept as two persons and will not be proposed any more."))
    return redirect(url_for("duplicates.show_duplicates"), 303)


@pages.post("/<uuid:kept>/<uuid:gone>/again")
@allow(*MEMBERS_CHANGE)
def propose(kept: UUID, gone: UUID) -> ResponseReturnValue:
    with unit() as uow:
        propose_again(uow, str(kept), str(gone))
    flash(_("The two may be proposed again."))
    return redirect(url_for("duplicates.show_duplicates", state="different"), 303)


@pages.get("/merged/<uuid:id>")
@allow(*MEMBERS_SEE)
def show_merged(id: UUID) -> ResponseReturnValue:
    """What was merged into a member, as it was left; with what stayed aside of its histories."""
    with reading() as uow:
        member = uow.get(MemberRow, str(id))
        return render_template(
            "members/merged.html",
            member=member,
            records=[
                (row, [(track, history_of(uow, track, row.id)) for track in TRACKS])
                for row in merged_with(uow, member.id)
            ],
            category_names=dict(category_choices(uow)),
            badges_of=BADGES,
            sees_trail=principal().may(Role.ADMINISTRATOR),
        )


@pages.app_errorhandler(MemberMerged)
def go_to_kept(error: MemberMerged) -> Response:
    """Whoever opens a record that is gone is led to the one in its place; nothing was changed there."""
    into = error.params["into"]
    if wants_problem() or not is_navigation():
        answer = answer_error(error)
        answer.headers["Link"] = f'</members/api/members/{into}>; rel="successor-version"'
        return answer
    flash(_("That record was merged into this one."), "info")
    return redirect(url_for("members.show_member", id=into), 303)


def _again(error: TsudoiError, kept: UUID, gone: UUID) -> ResponseReturnValue:
    with reading() as uow:
        return form_again("members/merge.html", error, **_context(uow, kept, gone))


def _by_word(uow: UnitOfWork, word: str) -> str | None:
    whose = sa.or_(MemberRow.number == word, MemberRow.email == word.lower())
    return uow.session.scalar(sa.select(MemberRow.id).where(whose).limit(1)) if word else None


def _context(uow: UnitOfWork, kept_id: UUID, gone_id: UUID) -> dict[str, Any]:
    kept, gone = uow.get(MemberRow, str(kept_id)), uow.get(MemberRow, str(gone_id))
    if kept is gone:
        raise InvalidInput
    refuse_unlike(uow, kept, gone)
    accounts = [account_of(uow, row.id) for row in (kept, gone)]
    return {
        "kept": kept,
        "gone": gone,
        "choices": choices_of(kept, gone),
        "field_names": FIELDS,
        "custom": CUSTOM,
        "custom_fields": {CUSTOM + field.key: field for field in list_fields(uow)},
        "custom_word": lambda field, value: in_words(field, value, language()),
        "moving": count_moving(uow, gone.id),
        "joints": joints(uow, kept, gone),
        "histories": [[history_of(uow, track, row.id) for track in TRACKS] for row in (kept, gone)],
        "accounts": accounts,
        "roles": [
            role_name(Role(role), language()) for role in sorted({r for each in accounts if each for r in each.roles})
        ],
        "category_names": dict(category_choices(uow)),
        "badges_of": BADGES,
    }
