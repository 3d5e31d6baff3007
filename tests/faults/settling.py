"""Waiting until a site has come to rest after a fault, and then asking all invariants."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Set
from email import message_from_bytes
from pathlib import Path

import sqlalchemy as sa

from tests.faults import broker
from tests.faults.books import Books, reading
from tests.faults.invariants import all_violations, i1_everything_said_is_sent, i10_everything_sent_is_processed
from tests.faults.site import Site

BUSY = {
    "waits in the inbox": "SELECT count(*) FROM inbox WHERE state IN ('waiting', 'retrying')",
    "long work": "SELECT count(*) FROM jobs WHERE state IN ('queued', 'running')",
}
BUSY_HERE = {
    ("payments", "attempts"): "SELECT count(*) FROM attempts WHERE state = 'starting' OR void",
    ("payments", "notices"): "SELECT count(*) FROM provider_notices WHERE state = 'waiting'",
    ("notifications", "letters"): "SELECT count(*) FROM letters WHERE state IN ('queued', 'retrying', 'sending')",
    ("sandbox", "deliveries"): "SELECT count(*) FROM deliveries WHERE state = 'open'",
}


def settle(site: Site, *, patience: float = 60.0) -> None:
    """Until nothing is under way any more. Fails with what still is when for so many seconds nothing has changed."""
    last, since = {"anything": 1}, time.monotonic()

    def at_rest_or_stuck() -> bool:
        nonlocal last, since
        now = under_way(site)
        if now != last:
            last, since = now, time.monotonic()
        assert time.monotonic() - since < patience, f"stuck: {now}"
        return not now

    site.wait_until(at_rest_or_stuck, seconds=600, why=lambda: last)


def under_way(site: Site) -> dict[str, int]:
    """What is not finished, counted; while a server is away nobody can tell."""
    try:
        with reading(site.databases) as books:
            found = _in_databases(books)
            if not found:
                found = {"not processed": len(i10_everything_sent_is_processed(books, dead_of(site)))}
        if site.broker_url:
            found |= broker.waiting(site.broker_url)
    except (sa.exc.DBAPIError, OSError) as error:
        return {repr(error): 1}
    return {what: count for what, count in found.items() if count}


def violations(site: Site, *, ambiguous: int = 0, injected: Set[str] = frozenset()) -> list[str]:
    """All invariants of a site at rest. `injected`: ids of messages that nobody could read, put in on purpose."""
    with reading(site.databases) as books:
        mails, dead = arrived(site.mail_folder), dead_of(site)
        return all_violations(books, mails=mails, ambiguous=ambiguous, dead=dead, injected=injected)


def dead_of(site: Site) -> dict[str, set[str]]:
    return broker.dead(site.broker_url) if site.broker_url else {}


def arrived(folder: Path | None) -> Counter[str] | None:
    """Message-ID → copies in the mail sink; None where mail does not leave the house."""
    if folder is None:
        return None
    return Counter(str(message_from_bytes(path.read_bytes())["Message-ID"]) for path in folder.glob("*.eml"))


def forget_doubles(folder: Path) -> None:
    """Second copies that were judged once are not judged again by the next test."""
    seen = set()
    for path in sorted(folder.glob("*.eml")):
        id = message_from_bytes(path.read_bytes())["Message-ID"]
        if id in seen:
            path.unlink()
        seen.add(id)


def _in_databases(books: Books) -> dict[str, int]:
    found = {"unsent": len(i1_everything_said_is_sent(books))}
    for name in books.services:
        found |= {f"{name}: {what}": int(books.one(name, query)) for what, query in BUSY.items()}
    found |= {f"{name}: {what}": int(books.one(name, query)) for (name, what), query in BUSY_HERE.items()}
    return {what: count for what, count in found.items() if count}
