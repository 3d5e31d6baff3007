"""`tsudoi bus`: what waits, what is parked, and what to do about it. `--json` for programs.

tsudoi bus lag [SERVICE]
tsudoi bus parked [SERVICE]
tsudoi bus show SERVICE ID…
tsudoi bus replay SERVICE (ID… | --type TYPE | --group CODE | --all | --dead) [--since T] [--rate N] --reason WHY
tsudoi bus discard SERVICE (ID… | --type TYPE | --group CODE | --all) [--since T] --reason WHY
tsudoi bus resend SERVICE --to SERVICE [--since T] [--rate N] --reason WHY
tsudoi bus compare SERVICE [--since T]
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from datetime import datetime
from uuid import UUID

from sqlalchemy.exc import SQLAlchemyError

from shared.bus import lag, parked, recovery, telling
from shared.bus.dead import count_dead, replay_dead_letters
from shared.bus.parked import Which
from shared.bus.replay import discard, replay
from shared.bus.topology import BROKER_ERRORS
from shared.errors import TsudoiError
from shared.identity import Actor
from shared.service import RunningService
from shared.settings import SettingsWrong

Services = Mapping[str, Callable[[], RunningService]]

_TROUBLE: tuple[type[Exception], ...] = (TsudoiError, ValueError, SQLAlchemyError, SettingsWrong, *BROKER_ERRORS)


def main(services: Services, argv: Sequence[str]) -> int:
    """`services`: how to start each, by name; only those that are asked for are started.

    Exit status: 0; 1 when a service could not answer or refused; 2 for a command that makes no sense."""
    parser = _parser(services)
    known = parser.parse_args(argv)
    if known.verb in ("replay", "discard"):
        _check_choice(parser, known)
    return _Command(services, known).run()


class _Command:
    """One call: starts services as they are needed, stops them at the end, goes on when one of them does not answer."""

    def __init__(self, services: Services, known: argparse.Namespace) -> None:
        self._services = services
        self._known = known
        self._actor = Actor.at_terminal("tsudoi bus")
        self._stopping = ExitStack()
        self._status = 0

    def run(self) -> int:
        with self._stopping:
            _VERBS[self._known.verb](self)
        return self._status

    def _start(self, name: str) -> RunningService:
        running = self._services[name]()
        self._stopping.callback(running.stop)
        return running

    def _ask(self, do: Callable[[RunningService], object]) -> dict[str, object]:
        """The answer of each service that is meant; what goes wrong with one is said, and the others are asked."""
        answers = {}
        for name in [self._known.service] if self._known.service else list(self._services):
            try:
                answers[name] = do(self._start(name))
            except _TROUBLE as error:
                self._fail(name, error)
        return answers

    def _fail(self, name: str, error: Exception) -> None:
        reason = str(getattr(error, "orig", None) or error).strip() or repr(error)
        print(f"{name}: {reason.splitlines()[0]}", file=sys.stderr)
        self._status = 1

    def _print(self, text: Callable[[], str], found: Callable[[], object]) -> None:
        print(telling.as_json(found()) if self._known.json else text())

    def lag(self) -> None:
        def look(running: RunningService) -> tuple[lag.Lag, int | None]:
            return lag.measure(running), count_dead(running.settings.broker, running.name)

        rows: dict[str, tuple[lag.Lag, int | None]] = self._ask(look)  # type: ignore[assignment]
        self._print(
            lambda: telling.lag_table(rows),
            lambda: [{"service": n, **telling.as_dict(one), "dead": dead} for n, (one, dead) in rows.items()],
        )

    def parked(self) -> None:
        groups: dict[str, list[parked.ParkedGroup]] = self._ask(parked.list_parked)  # type: ignore[assignment]
        self._print(
            lambda: telling.parked_table(groups),
            lambda: [{"service": n, **telling.as_dict(each)} for n, found in groups.items() for each in found],
        )

    def show(self) -> None:
        def look(running: RunningService) -> None:
            found = [parked.show(running, id) for id in self._known.ids]
            self._print(
                lambda: "\n\n".join(map(telling.message_page, found)), lambda: [telling.as_dict(each) for each in found]
            )

        self._ask(look)

    def replay(self) -> None:
        def do(running: RunningService) -> None:
            known, told = (
                self._known,
                {"reason": self._known.reason, "actor": self._actor, "rate": self._known.rate},
            )
            if known.dead:
                count = replay_dead_letters(running, **told)
                text = f"{count} messages went back from the dead-letter queue"
                self._print(lambda: text, lambda: {"service": running.name, "dead_replayed": count})
                return
            done = replay(running, _which(known), **told)
            until = f", the last of them at {done.last_due:%H:%M:%S} UTC" if known.rate and done.last_due else ""
            text = f"{done.count} messages are tried again{until}"
            self._print(lambda: text, lambda: {"service": running.name, **telling.as_dict(done)})

        self._ask(do)

    def discard(self) -> None:
        def do(running: RunningService) -> None:
            count = discard(running, _which(self._known), reason=self._known.reason, actor=self._actor)
            text = f"{count} messages are discarded"
            self._print(lambda: text, lambda: {"service": running.name, "discarded": count})

        self._ask(do)

    def resend(self) -> None:
        def do(running: RunningService) -> None:
            known = self._known
            told = {
                "since": known.since,
                "reason": known.reason,
                "actor": self._actor,
                "rate": known.rate,
            }
            count = recovery.send_again(running, self._start(known.to), **told)
            text = f"{count} messages are sent again; {known.to} handles those that it does not know"
            self._print(lambda: text, lambda: {"service": running.name, "to": known.to, "sent_again": count})

        self._ask(do)

    def compare(self) -> None:
        def do(running: RunningService) -> None:
            others = {name: self._start(name) for name in self._services if name != running.name}
            found = list(recovery.differences(running, others, since=self._known.since))
            self._print(lambda: telling.difference_table(found), lambda: [telling.as_dict(each) for each in found])

        self._ask(do)


_VERBS: dict[str, Callable[[_Command], None]] = {
    "lag": _Command.lag,
    "parked": _Command.parked,
    "show": _Command.show,
    "replay": _Command.replay,
    "discard": _Command.discard,
    "resend": _Command.resend,
    "compare": _Command.compare,
}


def _which(known: argparse.Namespace) -> Which:
    return Which(ids=known.ids or None, type=known.type, group=known.group, since=known.since)


def _check_choice(parser: argparse.ArgumentParser, known: argparse.Namespace) -> None:
    """Nothing is done to everything by forgetting a word."""
    dead = getattr(known, "dead", False)
    named = [bool(known.ids), bool(known.type or known.group), known.all, dead]
    if sum(named) != 1:
        choices = "ids, --type, --group, --all" + (" or --dead" if known.verb == "replay" else "")
        parser.error(f"which messages? one of {choices}")
    if dead and known.since:
        parser.error("--since does not narrow --dead: the whole queue goes back")


def _parser(services: Services) -> argparse.ArgumentParser:
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(prog="tsudoi bus", description=__doc__, formatter_class=form)
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    for verb, meaning in (
        ("lag", "how far each service is behind"),
        ("parked", "parked messages by type and error"),
        ("show", "one message, texts masked"),
        ("replay", "try parked messages again"),
        ("discard", "give parked messages up"),
        ("resend", "send again what another service needs that was restored from a back-up"),
        ("compare", "what a restored service and its neighbours do not both know"),
    ):
        each = verbs.add_parser(verb, help=meaning, description=meaning)
        each.add_argument("--json", action="store_true", help="for programs")
        several = {"nargs": "?"} if verb in ("lag", "parked") else {}
        each.add_argument("service", choices=list(services), metavar="SERVICE", **several)  # type: ignore[arg-type]
        _add_arguments(each, verb, services)
    return parser


def _add_arguments(each: argparse.ArgumentParser, verb: str, services: Services) -> None:
    if verb in ("show", "replay", "discard"):
        each.add_argument("ids", nargs="+" if verb == "show" else "*", metavar="ID", type=_id)
    if verb in ("replay", "discard"):
        each.add_argument("--type", help="all of this type")
        each.add_argument("--group", metavar="CODE", help="all of one group, as `parked` names it")
        each.add_argument("--all", action="store_true", help="everything that is parked")
    if verb == "replay":
        each.add_argument("--dead", action="store_true", help="what the broker's dead-letter queue holds")
    if verb == "resend":
        each.add_argument("--to", required=True, choices=list(services), metavar="SERVICE", help="the restored one")
    if verb in ("replay", "discard", "resend", "compare"):
        each.add_argument("--since", type=_moment, metavar="T", help="2026-11-22T03:00+09:00 (without a zone: UTC)")
    if verb in ("replay", "resend"):
        each.add_argument("--rate", type=float, metavar="N", help="so many messages a second")
    if verb in ("replay", "discard", "resend"):
        each.add_argument("--reason", required=True, help="why; kept in the audit trail")


def _id(text: str) -> str:
    try:
        return str(UUID(text))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not the id of a message") from None


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a moment, such as 2026-11-22T03:00+09:00") from None
    return moment.astimezone() if moment.tzinfo else datetime.fromisoformat(f"{text}+00:00")
