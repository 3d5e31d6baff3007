"""A provider's signed notice: verified, stored, applied (attempt, request, payment, books) and said, by payments behind
gunicorn; 16 clients that keep their connections. Straight: the same rows by `tests.bench.straight_notice`."""

from __future__ import annotations

import json
from datetime import timedelta

import psycopg

from services.payments.models import AttemptRow, RequestRow
from services.payments.providers import settings_of
from shared import clock
from shared.db import insert_rows
from shared.ids import new_id
from tests.bench import click, load, report, straight_notice, webs, world
from tests.bench.webs import Lap, Web

AMOUNT = 10_000


def main() -> None:
    n = report.size(2_000)
    with webs.kit("payments") as (stack, ours):
        running = world.running(stack, "payments")
        secret = settings_of(running).sandbox_secrets[0]
        settings = {"BENCH_SECRET": secret}
        with webs.bare(stack, "payments", straight_notice.__name__, straight_notice.TABLES, settings) as straight:
            url = stack.database_url("payments", owner=True).replace("+psycopg", "")

            def lap(web: Web, path: str) -> Lap:
                keys = [(new_id(), new_id()) for _ in range(n)]  # of attempts and requests
                if web is ours:
                    with running.unit(world.SOCIETY) as uow:
                        insert_rows(uow.session, RequestRow, (_request(request) for _, request in keys))
                        insert_rows(uow.session, AttemptRow, (_attempt(*pair) for pair in keys))
                elif path == "/all":
                    _fill_bare(url, keys)
                done = web.lap([_signed(path, attempt, secret.encode()) for attempt, _ in keys])
                assert done.load.statuses == {200: n}, done.load.statuses
                return done

            hook = f"/payments/hooks/sandbox/{world.SOCIETY}"
            laps = webs.rounds(
                {
                    "ours": lambda: lap(ours, hook),
                    "straight": lambda: lap(straight, "/all"),
                    "two": lambda: lap(straight, "/two"),
                }
            )
        running.stop()
    mine, limit, two = webs.rate(laps["ours"]), webs.rate(laps["straight"]), webs.rate(laps["two"])
    report.tell(
        "notice",
        n,
        mine,
        "notices/s",
        limit,
        **webs.figures(laps["ours"]),
        **webs.figures(laps["straight"], "straight_"),
        two_rows=round(two),
        two_rows_ratio=round(mine / two, 3),
    )


def _signed(path: str, attempt: str, secret: bytes) -> bytes:
    event = json.loads(click.notice(attempt, AMOUNT))
    event["charge"]["id"] = f"ch_{attempt}"
    body = json.dumps(event).encode()
    return load.request(path, body, click.signed(body, secret))


def _request(id: str) -> dict[str, object]:
    return {
        "society_id": world.SOCIETY,
        "id": id,
        "invoice_id": new_id(),
        "invoice_revision": 1,
        "invoice_number": "2026-000001",
        "payer_id": new_id(),
        "title": "年会費",
        "title_en": "Annual fee",
        "due": AMOUNT,
        "due_on": None,
        "methods": [],
        "state": "open",
        "created_at": clock.now(),
    }


def _attempt(id: str, request: str) -> dict[str, object]:
    later = clock.now() + timedelta(days=3)
    return {
        "society_id": world.SOCIETY,
        "id": id,
        "request_id": request,
        "invoice_id": new_id(),
        "payer_id": new_id(),
        "account_id": None,
        "method": "konbini",
        "chain": "lawson",
        "amount": AMOUNT,
        "state": "waiting",
        "provider": "sandbox",
        "reference": f"ch_{id}",
        "language": "ja",
        "pay_until": later,
        "expires_at": later,
        "instructions": {},
        "provisional": False,
        "asked": 0,
        "void": False,
        "created_at": clock.now(),
    }


def _fill_bare(url: str, keys: list[tuple[str, str]]) -> None:
    with psycopg.connect(url) as database, database.cursor() as cursor:
        with cursor.copy("COPY bare.requests (id, due, state) FROM STDIN") as copy:
            for _, request in keys:
                copy.write_row((request, AMOUNT, "open"))
        with cursor.copy("COPY bare.attempts (id, request_id, reference, amount, state) FROM STDIN") as copy:
            for attempt, request in keys:
                copy.write_row((attempt, request, f"ch_{attempt}", AMOUNT, "waiting"))


if __name__ == "__main__":
    main()
