"""Entries of the audit trail as the rows of a file, in flat memory."""

from __future__ import annotations

from collections.abc import Iterator

from flask_babel import gettext as _

from shared.audit.search import Wanted, matching, newest_first
from shared.audit.words import Trail
from shared.errors import N_, Fault, InvalidInput
from shared.tables.writing import Cell
from shared.uow import UnitOfWork
from shared.web.audit_entries import Shown, in_words, shown

CHUNK = 500
MOST_IN_A_SHEET = 1_048_575  # rows that a sheet of Excel has below its headers


def headers() -> list[str]:
    what = [
        _("Entry no."),
        _("Date and time"),
        _("Done by"),
        _("Action"),
        _("Kind of subject"),
        _("What it concerns"),
        _("Changes"),
    ]
    return [*what, _("Identifier of the subject"), _("Identifier of the entry"), _("Hash")]


def rows(uow: UnitOfWork, wanted: Wanted, trail: Trail, *, most: int | None = None) -> Iterator[list[Cell]]:
    """Newest first. Raises InvalidInput where there are more than `most`."""
    statement = newest_first(matching(wanted, uow.zone)).execution_options(yield_per=CHUNK)
    count = 0
    for chunk in uow.session.execute(statement).partitions(CHUNK):
        count += len(chunk)
        if most is not None and count > most:
            text = N_("These are more entries than fit into a sheet of Excel: choose fewer days, or CSV.")
            raise InvalidInput(faults=[Fault(text, field="last")])
        for each in shown(uow.session, chunk, trail):
            yield _row(uow, each)
        uow.session.expunge_all()


def _row(uow: UnitOfWork, each: Shown) -> list[Cell]:
    return [
        each.place.number if each.place else None,
        each.entry.at.astimezone(uow.zone),
        each.actor,
        each.action,
        each.subject,
        each.name,
        "\n".join(map(in_words, each.changes)),
        each.entry.subject,
        each.entry.id,
        each.place.hash if each.place else None,
    ]
