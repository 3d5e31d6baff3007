"""What happens to an uploaded file, whether it holds members or records: dry run → confirm → result."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from uuid import UUID

from flask import Blueprint, Response, flash, redirect, render_template, request, stream_with_context, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.datastructures import FileStorage

from services.members.custom_fields.finding import list_fields
from services.members.models import RosterFaultRow, RosterRow
from services.members.pages.differences import differing_fields
from services.members.pages.words import ROSTER_BADGES
from services.members.records import columns as of_records
from services.members.roles import MEMBERS_CHANGE
from services.members.rosters import columns as of_rosters
from services.members.rosters.upload import check_again, confirm_roster, discard_roster, faults_of
from shared import jobs
from shared.errors import N_, Fault, InvalidInput
from shared.tables import write_csv
from shared.tables.limits import MEBI, Limits
from shared.uow import UnitOfWork
from shared.web.access import allow, reading, unit
from shared.web.i18n import language

SHOWN_FAULTS = 1_000
Labels = Mapping[str, str]  # of custom fields, by the name of their column
MOST_MEBI = Limits().max_bytes // MEBI
TEMPLATES = {"members": "members/roster.html", "records": "members/record_file.html"}
TITLES = {"members": of_rosters.title, "records": of_records.title}


def serve_uploads(pages: Blueprint) -> None:
    """Give a blueprint the pages of a file, below its own address; its list of files is `show_uploads`."""
    pages.add_url_rule("/<uuid:id>", view_func=show_upload)
    pages.add_url_rule("/<uuid:id>/faults.csv", view_func=download_faults)
    for view in (confirm, check, discard):
        pages.add_url_rule(f"/<uuid:id>/{view.__name__}", view_func=view, methods=["POST"])


def sent_file() -> tuple[str, FileStorage]:
    """Name and content of what a form has sent. Raises InvalidInput."""
    file = request.files.get("file")
    if file is None or not file.filename:
        raise InvalidInput(faults=[Fault(N_("Please choose a file."), field="file")])
    return file.filename, file


@allow(*MEMBERS_CHANGE)
def show_upload(id: UUID) -> ResponseReturnValue:
    with reading() as uow:
        roster, labels = uow.get(RosterRow, str(id)), _labels(uow)
        return render_template(
            TEMPLATES[roster.holds],
            roster=roster,
            job=jobs.look(uow, roster.job_id),
            fault_rows=[_shown(roster.holds, fault, labels) for fault in faults_of(uow, roster.id, SHOWN_FAULTS)],
            badges_of=ROSTER_BADGES,
            differences=partial(_differences, roster),
            differing=differing_fields(uow, roster),
        )


@allow(*MEMBERS_CHANGE)
def download_faults(id: UUID) -> ResponseReturnValue:
    with reading() as uow:
        roster = uow.get(RosterRow, str(id))
    answer = Response(stream_with_context(_fault_lines(roster)), mimetype="text/csv")
    answer.headers["Content-Disposition"] = "attachment; filename=roster-errors.csv"
    return answer


@allow(*MEMBERS_CHANGE)
def confirm(id: UUID) -> ResponseReturnValue:
    with unit() as uow:
        confirm_roster(uow, str(id))
    return redirect(url_for(".show_upload", id=id), 303)


@allow(*MEMBERS_CHANGE)
def check(id: UUID) -> ResponseReturnValue:
    with unit() as uow:
        check_again(uow, str(id))
    return redirect(url_for(".show_upload", id=id), 303)


@allow(*MEMBERS_CHANGE)
def discard(id: UUID) -> ResponseReturnValue:
    with unit() as uow:
        discard_roster(uow, str(id))
    flash(_("The file was discarded. Nothing was imported."))
    return redirect(url_for(".show_uploads"), 303)


def _differences(roster: RosterRow, action: str, field: str | None = None) -> str | None:
    """Where rows of a kind are looked at, as long as they are there."""
    there = roster.holds == "members" and roster.state in ("checked", "importing")
    return url_for("differences.show_differences", id=roster.id, action=action, field=field) if there else None


def _labels(uow: UnitOfWork) -> Labels:
    return {field.input_name: field.label_in(language()) for field in list_fields(uow)}


def _shown(holds: str, fault: RosterFaultRow, labels: Labels) -> tuple[int, str, str]:
    label = labels.get(fault.column)
    if label is None:
        return fault.row, TITLES[holds](fault.column, language()), _(fault.text, **fault.params)
    return fault.row, label, _(fault.text, **{**fault.params, "field": label})


def _fault_lines(roster: RosterRow) -> Iterator[bytes]:
    with reading() as uow:
        labels = _labels(uow)
        told = (_shown(roster.holds, fault, labels) for fault in faults_of(uow, roster.id))
        yield from write_csv([_("Row"), _("Column"), _("What is wrong")], told)
