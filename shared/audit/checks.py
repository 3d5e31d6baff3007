"""Every chain is checked once a day, a piece at a time, so that nothing else of the ticker has to wait."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import timedelta

import structlog

from shared import clock
from shared.audit.anchors import read_anchors
from shared.audit.rows import CheckRow
from shared.audit.turns import each_society
from shared.audit.verification import Fault, Walk
from shared.service import RunningService

log = structlog.get_logger()

REST = timedelta(hours=23)
AT_ONCE = 3.0  # seconds; some hundred thousand entries
PIECE = 5  # chunks between two looks at the clock
TOLD = 20  # faults of a piece that the log tells one by one


def check_chains(running: RunningService) -> None:
    """Due work: goes on with the checks where it stopped, and begins those whose last one was yesterday."""
    until = time.monotonic() + AT_ONCE
    rows = {society: row for society in running.societies() if _is_due(row := _known(running, society))}
    anchors = read_anchors(running.settings.anchors, running.name) if rows else {}

    def go_on(society: str) -> None:
        if society in rows:
            _check(running, rows[society], anchors.get(society, {}), until)

    each_society(running, go_on)


def _check(running: RunningService, row: CheckRow, own: Mapping[int, frozenset[str]], until: float) -> None:
    society = row.society
    if row.anchored_to > max(own, default=0):
        log.warning("anchors are missing", service=running.name, society=society, number=row.anchored_to)
    walk = Walk(running.name, society, own, number=row.number, hash=row.hash)
    while not walk.ended and time.monotonic() < until:
        with running.unit(society, reading=True) as uow:
            faults = list(walk.go_on(uow.session, PIECE))
        for fault in faults[:TOLD]:
            log.error("audit trail was tampered with", service=running.name, society=society, fault=str(fault))
        row.found += len(faults)
    if walk.number or row.found:
        _store(running, row, walk)


def verify(running: RunningService, society: str, anchors: Mapping[int, frozenset[str]]) -> tuple[Walk, list[Fault]]:
    """All of one chain at once; pages and figures show what was found."""
    walk = Walk(running.name, society, anchors)
    with running.unit(society, reading=True) as uow:
        faults = list(walk.go_on(uow.session))
    row = _known(running, society)
    row.found = len(faults)
    _store(running, row, walk)
    return walk, faults


def _is_due(row: CheckRow) -> bool:
    return bool(row.number) or row.checked_at is None or clock.now() - row.checked_at >= REST


def _known(running: RunningService, society: str) -> CheckRow:
    with running.session(reading=True) as session:
        return session.get(CheckRow, society) or CheckRow(society=society, number=0, hash="", found=0, anchored_to=0)


def _store(running: RunningService, row: CheckRow, walk: Walk) -> None:
    """`found`: what this check has found so far, in all of its pieces."""
    with running.session() as session:
        kept = session.merge(CheckRow(society=row.society))
        kept.number, kept.hash, kept.found = walk.number, walk.hash, row.found
        if walk.ended:
            kept.checked_at, kept.checked_to, kept.faults = clock.now(), walk.number, row.found
            kept.number, kept.hash, kept.found = 0, "", 0
