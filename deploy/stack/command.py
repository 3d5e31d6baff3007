"""The command `tsudoi stack up|down|status|roll`."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from deploy.stack.errors import StackError
from deploy.stack.stack import Stack


def main(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="tsudoi stack", description="the full stack on this machine")
    verbs = parser.add_subparsers(dest="verb", required=True)
    home = Path(os.environ.get("TSUDOI_STACK_HOME", ".tsudoi/stack"))
    for verb, meaning in (
        ("up", "start all that does not run yet, wait until it is ready, print the addresses"),
        ("down", "stop all; the data stays"),
        ("status", "show every process: pid, alive, ready"),
        ("roll", "replace the processes of services one by one by new ones; nobody notices"),
    ):
        parsed = verbs.add_parser(verb, help=meaning, description=meaning)
        parsed.add_argument("--home", type=Path, default=home, help=f"data folder (default {home})")
        if verb == "up":
            parsed.add_argument("--demo", action="store_true", help="create the demo society afterwards")
            parsed.add_argument("--standby", action="store_true", help="with a second PostgreSQL")
            parsed.add_argument("--web-workers", type=int, default=2, metavar="N", help="web processes of each service")
        if verb == "roll":
            parsed.add_argument("services", nargs="*", metavar="SERVICE", help="of these services alone")
        if verb == "down":
            parsed.add_argument("--purge", action="store_true", help="delete the data, too")
    known = parser.parse_args(argv)
    try:
        return _VERBS[known.verb](known)
    except StackError as trouble:
        print(f"tsudoi stack {known.verb}: {trouble}", file=sys.stderr)
        return 1


def _up(known: argparse.Namespace) -> int:
    stack = Stack.start(known.home, web_workers=known.web_workers, standby=known.standby)
    print(f"Tsudoi        {stack.gateway_url}/")
    print(f"Mail          {stack.mail_folder}/*.eml (smtp://127.0.0.1:{stack.state.ports['smtp']})")
    print(f"PostgreSQL    127.0.0.1:{stack.postgres.port} (databases tsudoi_<service>)")
    print(f"RabbitMQ      127.0.0.1:{stack.rabbit.port}")
    print(f"Logs          {stack.home / 'logs'}, {stack.state.servers_folder}")
    print(f"Passwords     {stack.home / 'stack.json'}")
    print(stack.run("demo", "create") if known.demo else f"Set up        {stack.run('setup')}", end="")
    print(f"Stop it with  tsudoi stack down --home {known.home}")
    return 0


def _down(known: argparse.Namespace) -> int:
    stack = Stack.open(known.home)
    if known.purge:
        stack.remove()
    else:
        stack.stop()
    return 0


def _roll(known: argparse.Namespace) -> int:
    """Workers first: they must know what the others may say from now on."""
    stack = Stack.open(known.home)
    for kind in ("work", "relay", "web"):
        for service in known.services or stack.state.services:
            stack.roll(kind, service)
            print(f"{kind} {service}: new process {stack.process(kind, service).pid}")
    return 0


def _status(known: argparse.Namespace) -> int:
    """0: everything is ready."""
    stack = Stack.open(known.home)
    all_ready = bool(stack.state.processes)
    print(f"{'process':<22}{'pid':>8}  {'alive':<6}{'ready'}")
    for name, process in sorted(stack.state.processes.items()):
        alive = process.alive()
        ready = alive and (name == "epmd" or stack.ready(name))
        all_ready = all_ready and ready
        pid = process.pid if alive else "-"
        print(f"{name:<22}{pid:>8}  {'yes' if alive else 'no':<6}{'yes' if ready else 'no'}")
    return 0 if all_ready else 1


_VERBS: dict[str, Callable[[argparse.Namespace], int]] = {"up": _up, "down": _down, "status": _status, "roll": _roll}
