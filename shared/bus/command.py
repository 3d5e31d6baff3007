"""`tsudoi bus`: what waits, what is parked, and what to do about it.

tsudoi bus lag [SERVICE]
tsudoi bus parked [SERVICE]
tsudoi bus show SERVICE ID
tsudoi bus replay SERVICE (ID… | --type TYPE | --all | --dead)
tsudoi bus discard SERVICE ID… --reason WHY
"""

from __future__ import annotations

import argparse
import dataclasses
import getpass
import json
import sys
from collections.abc import Callable, Mapping, Sequence

from sqlalchemy.exc import SQLAlchemyError

from shared.bus import lag, parked
from shared.errors import TsudoiError
from shared.identity import Actor
from shared.service import RunningService

Services = Mapping[str, Callable[[], RunningService]]


def main(services: Services, argv: Sequence[str]) -> int:
    """`services`: how to start each, by name; only those that are asked for are started. Returns the exit status."""
    known = _parser(services).parse_args(argv)
    names = [known.service] if known.service else list(services)
    status = 0
    for name in names:
        running = services[name]()
        try:
            _VERBS[known.verb](running, known)
        except (TsudoiError, ValueError, SQLAlchemyError, OSError) as error:
            print(f"{name}: {error}", file=sys.stderr)
            status = 1
        finally:
            running.stop()
    return status


def _parser(services: Services) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="tsudoi bus")
    verbs = parser.add_subparsers(dest="verb", required=True)
    for verb, meaning in (("lag", "how far each service is behind"), ("parked", "parked messages by type and error")):
        verbs.add_parser(verb, help=meaning).add_argument("service", nargs="?", choices=list(services))
    for verb, meaning in (
        ("show", "one message, texts masked"),
        ("replay", "try parked messages again"),
        ("discard", "give parked messages up"),
    ):
        each = verbs.add_parser(verb, help=meaning)
        each.add_argument("service", choices=list(services))
        each.add_argument("ids", nargs="*" if verb == "replay" else "+", metavar="ID")
        if verb == "replay":
            each.add_argument("--type", help="all of this type")
            each.add_argument("--all", action="store_true")
            each.add_argument("--dead", action="store_true", help="what the broker's dead-letter queue holds")
        if verb == "discard":
            each.add_argument("--reason", required=True)
    return parser


def _lag(running: RunningService, known: argparse.Namespace) -> None:
    now = lag.measure(running)
    print(
        f"{running.name:14} unsent {now.unsent:>7} (oldest {now.oldest_unsent:.0f} s)"
        f"   waiting {now.waiting:>7} (oldest {now.oldest_waiting:.0f} s)   parked {now.parked}"
    )


def _parked(running: RunningService, known: argparse.Namespace) -> None:
    for group in parked.list_parked(running):
        since = f"since {group.oldest:%Y-%m-%d %H:%M}"
        print(f"{running.name:14} {group.count:>6} × {group.type}  {since}  {group.example}")
        print(f"{'':23} {group.error.splitlines()[0] if group.error else ''}")


def _show(running: RunningService, known: argparse.Namespace) -> None:
    for id in known.ids:
        print(json.dumps(dataclasses.asdict(parked.show(running, id)), ensure_ascii=False, indent=2, default=str))


def _replay(running: RunningService, known: argparse.Namespace) -> None:
    if known.dead:
        from shared.bus.dead import replay_dead

        print(f"{replay_dead(running.settings.broker, running.name)} messages go back from the dead-letter queue")
    elif known.ids or known.type or known.all:
        done = parked.replay(running, ids=known.ids or None, type_name=known.type, actor=_actor())
        print(f"{done} messages are tried again")
    else:
        raise ValueError("which messages? ids, --type, --all or --dead")


def _discard(running: RunningService, known: argparse.Namespace) -> None:
    print(f"{parked.discard(running, known.ids, reason=known.reason, actor=_actor())} messages discarded")


def _actor() -> Actor:
    return Actor(kind="person", name=f"{getpass.getuser()} (tsudoi bus)")


_VERBS = {"lag": _lag, "parked": _parked, "show": _show, "replay": _replay, "discard": _discard}
