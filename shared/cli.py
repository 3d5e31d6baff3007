"""`tsudoi`: the one command. Each verb does one thing to one service, or to the whole on this machine."""

from __future__ import annotations

import argparse
import gc
import importlib
import importlib.util
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial

from sqlalchemy.exc import OperationalError

from shared.observe import set_up_logs
from shared.service import RunningService, Service
from shared.settings import SettingsWrong
from shared.stopping import stop_on_signals

SERVICES = ("members", "billing", "payments", "events", "notifications")
LET_GO = 0.0005  # seconds until a worker's batch lets a person's message have the interpreter (Python's own: 0.005)


def service_named(name: str) -> Service:
    """The wiring of a service, by name; only the one that is asked for is imported."""
    found: Service = importlib.import_module(f"services.{name}.service").SERVICE
    return found


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="tsudoi", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("up", help="onebox: everything in one process")
    for verb, meaning in (
        ("web", "serve pages and API of one service (gunicorn)"),
        ("work", "handle messages, time and long work of one service"),
        ("relay", "send the outbox of one service to the broker"),
        ("migrate", "bring the database of one service to the newest schema"),
    ):
        verbs.add_parser(verb, help=meaning).add_argument("service", choices=SERVICES)
    verbs.add_parser("setup", help="a one-time link for the first administrator, while there is no society")
    revise = verbs.add_parser("revise", help="write a new migration from the models of one service")
    revise.add_argument("service", choices=SERVICES)
    revise.add_argument("message")
    verbs.add_parser("recall", help="what notifications was told of invoices, for a restored billing")
    verbs.add_parser("sandbox", help="the sandbox payment provider")
    for verb, meaning in (
        ("stack", "the full stack on this machine: up, down, status, roll"),
        ("bus", "lag, parked, show, replay, discard, resend, compare"),
        ("audit", "is the audit trail what it was? (`tsudoi audit verify`)"),
        ("operator", "appoint or dismiss an operator"),
        ("restored", "what billing does after it was restored from a back-up"),
        ("demo", "create the demo society (`tsudoi demo create`)"),
    ):
        verbs.add_parser(verb, help=meaning, add_help=False).add_argument("rest", nargs=argparse.REMAINDER)
    known = parser.parse_args(argv)
    set_up_logs()
    try:
        return _VERBS[known.verb](known)
    except SettingsWrong as error:
        print(f"tsudoi cannot start:\n{error}", file=sys.stderr)
        return 2


def _started(name: str) -> RunningService:
    return service_named(name).start()


def _with_broker(name: str) -> RunningService:
    """Before anything is taken from the broker: all settings are there, and so are the tables."""
    service = service_named(name)
    return _migrated(service.start(service.settings.load(name, needing=("broker",))))


def _migrated(running: RunningService) -> RunningService:
    """Refuses a database that this release does not fit; one that does not answer is waited for."""
    from shared.migrations import is_current

    with suppress(OperationalError):
        if not is_current(running.service, running.engine):
            raise SettingsWrong(
                f"migrations are missing in the database of {running.name}: `tsudoi migrate {running.name}`"
            )
    return running


def _up(_: argparse.Namespace) -> int:
    done: int = importlib.import_module("services.__main__").main()
    return done


def _web(known: argparse.Namespace) -> int:
    from shared.web.server import serve

    service = service_named(known.service)
    _migrated(service.start()).stop()  # each of its processes connects for itself
    return serve(service)


def _work(known: argparse.Namespace) -> int:
    from shared.bus.lag import serve_metrics
    from shared.bus.worker import run_worker

    sys.setswitchinterval(LET_GO)
    running = _with_broker(known.service)
    serve_metrics(running)
    gc.freeze()
    return run_worker(running, broker_url=running.settings.broker, stop=stop_on_signals())


def _relay(known: argparse.Namespace) -> int:
    from shared.bus.lag import serve_metrics
    from shared.bus.rabbit import RabbitPublisher
    from shared.bus.worker import run_relaying

    running = _with_broker(known.service)
    serve_metrics(running)
    return run_relaying(running, RabbitPublisher(running.settings.broker), stop_on_signals())


def _migrate(known: argparse.Namespace) -> int:
    from shared.migrations import migrate

    service = service_named(known.service)
    settings = service.settings.load(service.name)
    migrate(service, settings.database_owner or settings.database)
    return 0


def _revise(known: argparse.Namespace) -> int:
    from shared.migrations import revise

    revise(service_named(known.service), known.message)
    return 0


def _setup(_: argparse.Namespace) -> int:
    running = _started("members")
    link = importlib.import_module("services.members.setup").setup_link(running, running.settings.public_url)
    print(link or "There is a society already: its administrators invite all others.")
    return 0


def _sandbox(_: argparse.Namespace) -> int:
    done: int = importlib.import_module("services.payments.sandbox.server").main()
    return done


def _stack(known: argparse.Namespace) -> int:
    done: int = importlib.import_module("deploy.stack").main(known.rest)
    return done


def _bus(known: argparse.Namespace) -> int:
    from shared.bus.command import main as bus_main

    return bus_main({name: partial(_started, name) for name in SERVICES}, known.rest)


def _audit(known: argparse.Namespace) -> int:
    from shared.audit.command import main as audit_main

    return audit_main({name: partial(_started, name) for name in SERVICES}, known.rest)


def _operator(known: argparse.Namespace) -> int:
    done: int = importlib.import_module("services.members.operators").main(_started("members"), known.rest)
    return done


def _recall(_: argparse.Namespace) -> int:
    done: int = importlib.import_module("services.notifications.recall").main(_started("notifications"))
    return done


def _restored(known: argparse.Namespace) -> int:
    done: int = importlib.import_module("services.billing.restoring").main(_started("billing"), known.rest)
    return done


def _demo(_: argparse.Namespace) -> int:
    """Fill each service's part of the demo society, and print its logins; a second time changes nothing."""
    for name in SERVICES:
        if not importlib.util.find_spec(f"services.{name}.demo"):
            continue
        module = importlib.import_module(f"services.{name}.demo")
        module.fill(_started(name))
        for who, email, password in module.logins() if hasattr(module, "logins") else ():
            print(f"  {who:<18} {email} [{password}]")
    return 0


_VERBS: dict[str, Callable[[argparse.Namespace], int]] = {
    "up": _up,
    "web": _web,
    "work": _work,
    "relay": _relay,
    "migrate": _migrate,
    "revise": _revise,
    "setup": _setup,
    "sandbox": _sandbox,
    "stack": _stack,
    "bus": _bus,
    "audit": _audit,
    "operator": _operator,
    "recall": _recall,
    "restored": _restored,
    "demo": _demo,
}
