"""Anchors: the heads of all chains, appended to a file outside the database and said in the log.

A chain alone does not tell that its end was cut off, or all of it computed anew. What it was on some day does."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import msgspec
import structlog

from shared import clock
from shared.audit.chain import head_of
from shared.audit.rows import ChainRow, CheckRow
from shared.audit.sealing import seal_everything
from shared.audit.turns import each_society
from shared.service import RunningService

log = structlog.get_logger()

Anchors = Mapping[
    str, Mapping[int, frozenset[str]]
]  # society → number → hashes that were said of it (one, if all is well)


class Anchor(msgspec.Struct):
    """One line of the file. A line of the log is read as well: it has these fields among others."""

    at: str
    service: str
    society: str
    number: int
    hash: str


def anchor_heads(running: RunningService) -> None:
    """Due work: each head that is not the one that was anchored last. Raises OSError where nothing can be written."""
    each_society(running, partial(_anchor_head, running))


def _anchor_head(running: RunningService, society: str) -> None:
    seal_everything(running, society)
    with running.unit(society, reading=True) as uow:
        head = head_of(uow.session)
        known = uow.session.get(CheckRow, society)
    if head is not None and (known is None or known.anchored_to != head.number):
        _anchor(running, head)


def read_anchors(path: Path, service: str) -> Anchors:
    """All that was ever anchored of a service; lines of something else are passed over. Raises OSError, but for a file
    that is not there yet."""
    found: dict[str, dict[int, frozenset[str]]] = defaultdict(dict)
    if not path.exists():
        return found
    with path.open("rb") as lines:
        for line in lines:
            try:
                each = msgspec.json.decode(line, type=Anchor)
            except msgspec.DecodeError:
                continue
            if each.service == service:
                known = found[each.society]
                known[each.number] = known.get(each.number, frozenset()) | {each.hash}
    return found


def _anchor(running: RunningService, head: ChainRow) -> None:
    now = clock.now()
    anchor = Anchor(now.isoformat(), running.name, head.society_id, head.number, head.hash)
    _append(running.settings.anchors, msgspec.json.encode(anchor) + b"\n")
    log.info("audit head", **msgspec.structs.asdict(anchor))
    with running.session() as session:
        row = session.merge(CheckRow(society=head.society_id))
        row.anchored_to, row.anchored_at = head.number, now


def _append(path: Path, line: bytes) -> None:
    """In one write: other services append to the same file. Whoever can only append cannot take back."""
    path.parent.mkdir(parents=True, exist_ok=True)
    file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(file, line)
        os.fsync(file)
    finally:
        os.close(file)
