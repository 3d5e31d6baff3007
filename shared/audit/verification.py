"""Verification: going along a chain from its beginning, in flat memory, and saying where it is not what it was."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from shared.audit.chain import CONTENT, beginning, link
from shared.audit.rows import AuditRow, ChainRow

CHUNK = 2_000


class Breach(StrEnum):
    """What is wrong at a place of a chain."""

    CHANGED = "changed"  # the entry, or its place, is not what was sealed
    GONE = "gone"  # its place is there, the entry is not
    MISSING = "missing"  # neither is, in the middle
    CUT_OFF = "cut off"  # neither is, and nothing behind it
    UNLIKE_ANCHOR = "unlike its anchor"  # all of the chain up to here was computed anew


@dataclass(frozen=True)
class Fault:
    """`number`: the place, or the first of several. `last`: the last of them."""

    breach: Breach
    number: int
    last: int

    def __str__(self) -> str:
        where = f"no. {self.number}" if self.number == self.last else f"nos. {self.number}-{self.last}"
        return f"{where}: {self.breach.value}"


class Walk:
    """One way along one chain. It may be interrupted: whoever keeps `number` and `hash` goes on from there later."""

    def __init__(
        self, service: str, society: str, anchors: Mapping[int, frozenset[str]], *, number: int = 0, hash: str = ""
    ) -> None:
        self.number = number
        self.hash: str = hash or beginning(service, society)
        self.ended = False
        self._anchors = anchors

    def go_on(self, session: Session, chunks: int | None = None) -> Iterator[Fault]:
        """Faults on the next chunks, or on all of the rest. The session is in the chain's society."""
        return _in_ranges(self._go_on(session, chunks))

    def _go_on(self, session: Session, chunks: int | None) -> Iterator[Fault]:
        while chunks is None or chunks > 0:
            places = session.execute(_places_after(self.number)).all()
            for place in places:
                yield from self._step(place)
            if len(places) < CHUNK:
                self.ended = True
                yield from self._end()
                return
            chunks = None if chunks is None else chunks - 1

    def _step(self, place: sa.Row[Any]) -> Iterator[Fault]:
        follows = place.number == self.number + 1
        if not follows:
            yield Fault(Breach.MISSING, self.number + 1, place.number - 1)
        if place.id is None:
            yield Fault(Breach.GONE, place.number, place.number)
        elif follows and link(self.hash, place.number, place) != place.hash:
            yield Fault(Breach.CHANGED, place.number, place.number)
        if self._anchors.get(place.number, {place.hash}) != {place.hash}:
            yield Fault(Breach.UNLIKE_ANCHOR, place.number, place.number)
        self.number, self.hash = place.number, place.hash  # as it is stored: one fault is told once

    def _end(self) -> Iterator[Fault]:
        last = max(self._anchors, default=0)
        if last > self.number:
            yield Fault(Breach.CUT_OFF, self.number + 1, last)


def _in_ranges(faults: Iterator[Fault]) -> Iterator[Fault]:
    """Neighbours with the same fault are one: a trail of which nothing is left is told in one line."""
    open: Fault | None = None
    for each in faults:
        if open and (each.breach, each.number) == (open.breach, open.last + 1):
            open = replace(open, last=each.last)
            continue
        if open:
            yield open
        open = each
    if open:
        yield open


def _places_after(number: int) -> sa.Select[Any]:
    statement = sa.select(ChainRow.number, ChainRow.hash, *CONTENT).where(ChainRow.number > number)
    return statement.outerjoin(AuditRow, AuditRow.id == ChainRow.entry_id).order_by(ChainRow.number).limit(CHUNK)
