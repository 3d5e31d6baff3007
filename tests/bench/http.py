"""A POST of an integrator that writes a row and an outbox row, with a bearer token; 16 clients that keep their
connections. Ours: `tests.bench.note_service`, the kit and one route. Straight: `tests.bench.straight_http`."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import sqlalchemy as sa

from shared.identity import Principal, sign_token
from shared.ids import new_id
from tests.bench import ground, load, report, traffic, webs, world
from tests.bench.webs import Lap, Web


def main() -> None:
    n = report.size(5_000)
    with webs.kit("notifications") as (stack, _):
        _make_table(stack.database_url("notifications", owner=True))
        who = Principal(
            account_id=new_id(), session_id=new_id(), society_id=world.SOCIETY, person_id=None, roles=frozenset()
        )
        key = Path(stack.env("members")["TSUDOI_TOKEN_KEY"])
        headers = {
            "Authorization": f"Bearer {sign_token(who, key.read_bytes())}",
            "Content-Type": "application/json",
            "Accept": "application/json",
        }
        bare = {
            "BENCH_DATABASE": stack.database_url("notifications").replace("+psycopg", ""),
            "BENCH_KEY": stack.env("notifications")["TSUDOI_TOKEN_PUBLIC"],
        }
        kit = [sys.executable, "-m", "tests.bench.note_service"]
        with (
            webs.serving(stack, "notes", kit, stack.env("notifications")) as ours,
            webs.serving(stack, "bare", webs.gunicorn("tests.bench.straight_http"), bare) as straight,
        ):

            def lap(web: Web, path: str) -> Lap:
                done = web.lap([load.request(path, _note(), headers) for _ in range(n)])
                assert set(done.load.statuses) == {201}, done.load.statuses
                return done

            laps = webs.rounds(
                {
                    "ours": lambda: lap(ours, "/notifications/api/notes"),
                    "straight": lambda: lap(straight, "/notes"),
                }
            )
    report.tell(
        "http",
        n,
        webs.rate(laps["ours"]),
        "requests/s",
        webs.rate(laps["straight"]),
        **webs.figures(laps["ours"]),
        **webs.figures(laps["straight"], "straight_"),
    )


def _note() -> bytes:
    return json.dumps({"invoice": new_id(), "payer": new_id(), "title": "2026年度年会費"}).encode()


def _make_table(owner_url: str) -> None:
    """In the place of what the service itself calls notes."""
    engine = sa.create_engine(owner_url)
    traffic.Base.metadata.drop_all(engine)
    engine.dispose()
    ground.make_tables(owner_url)


if __name__ == "__main__":
    main()
