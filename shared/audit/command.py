"""`tsudoi audit`: is the audit trail what it was? `--json` for programs.

tsudoi audit verify [SERVICE] [--society SLUG] [--anchors FILE]
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from shared.audit.anchors import Anchors, read_anchors
from shared.audit.checks import verify
from shared.audit.sealing import count_unsealed
from shared.audit.verification import Fault
from shared.service import RunningService
from shared.settings import SettingsWrong
from shared.society import SocietyRow

Services = Mapping[str, Callable[[], RunningService]]
TOLD = 100  # faults of a chain


@dataclass(frozen=True)
class Verdict:
    """What was found about one chain. `anchored`: number of the last anchor; 0: none, and a cut end is not seen."""

    service: str
    society: str
    entries: int
    unsealed: int
    anchored: int
    faults: list[Fault]


def main(services: Services, argv: Sequence[str]) -> int:
    """`services`: how to start each, by name; only those that are asked for are started.

    Exit status: 0; 1 when a trail was tampered with or a service could not answer; 2 for a command without sense."""
    parser = _parser(services)
    known = parser.parse_args(argv)
    if known.anchors and not known.anchors.exists():
        parser.error(f"there is no {known.anchors}")
    status, verdicts = 0, []
    for name in [known.service] if known.service else list(services):
        try:
            verdicts += _ask(services[name](), known)
        except (SQLAlchemyError, SettingsWrong, OSError, ValueError) as error:
            print(f"{name}: {str(getattr(error, 'orig', None) or error).strip().splitlines()[0]}", file=sys.stderr)
            status = 1
    if known.society and not verdicts and not status:
        parser.error(f"there is no society {known.society}")
    if known.json:
        print(json.dumps([asdict(each) for each in verdicts], ensure_ascii=False, indent=2))
    else:
        print("\n".join(line for each in verdicts for line in _lines(each)) or "there is no society yet")
    return 1 if any(each.faults for each in verdicts) else status


def _ask(running: RunningService, known: argparse.Namespace) -> list[Verdict]:
    try:
        return list(_judge(running, known.society, known.anchors))
    finally:
        running.stop()


def _judge(running: RunningService, slug: str | None, file: Path | None) -> Iterator[Verdict]:
    """A society that only an anchor knows is judged as well: its whole trail is gone."""
    anchors = read_anchors(file or running.settings.anchors, running.name)
    with running.session(reading=True) as session:
        slugs = {row.id: row.slug for row in session.scalars(sa.select(SocietyRow).order_by(SocietyRow.slug))}
    for society in [*slugs, *sorted(anchors.keys() - slugs.keys())]:
        if slug in (None, slugs.get(society, society)):
            yield _verdict(running, society, slugs.get(society, society), anchors)


def _verdict(running: RunningService, society: str, slug: str, anchors: Anchors) -> Verdict:
    own = anchors.get(society, {})
    walk, faults = verify(running, society, own)
    with running.unit(society, reading=True) as uow:
        unsealed = count_unsealed(uow.session)
    return Verdict(running.name, slug, walk.number, unsealed, max(own, default=0), faults)


def _lines(verdict: Verdict) -> Iterator[str]:
    words = "TAMPERED WITH" if verdict.faults else "whole"
    anchored = f"anchored up to no. {verdict.anchored}" if verdict.anchored else "never anchored"
    counts = f"{verdict.entries} sealed, {verdict.unsealed} not yet sealed, {anchored}"
    yield f"{verdict.service:<13} {verdict.society}: {words} ({counts})"
    for fault in verdict.faults[:TOLD]:
        yield f"    {fault}"
    if len(verdict.faults) > TOLD:
        yield f"    and {len(verdict.faults) - TOLD} more"


def _parser(services: Services) -> argparse.ArgumentParser:
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(prog="tsudoi audit", description=__doc__, formatter_class=form)
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    each = verbs.add_parser("verify", help="walk along every chain", description="walk along every chain")
    each.add_argument("service", nargs="?", choices=list(services), metavar="SERVICE")
    each.add_argument("--society", metavar="SLUG", help="this one alone")
    each.add_argument("--anchors", type=Path, metavar="FILE", help="anchors, or a log, kept somewhere else")
    each.add_argument("--json", action="store_true", help="for programs")
    return parser
