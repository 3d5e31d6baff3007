"""A POST of an integrator that writes a row and an outbox row: `/events/api/my/events/<id>/registration` with a bearer
token, 16 clients that keep their connections. Straight: the same statements by `tests.bench.straight_http`."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import psycopg

from services.events.models import EventRow
from shared import clock
from shared.db import insert_rows
from shared.identity import Principal, Role, sign_token
from shared.ids import new_id
from tests.bench import load, report, straight_http, webs, world
from tests.bench.webs import Lap


def main() -> None:
    n = report.size(2_000)
    with webs.kit("events") as (stack, ours):
        running = world.running(stack, "events")
        payer = Principal(
            account_id=new_id(),
            session_id=new_id(),
            society_id=world.SOCIETY,
            person_id=straight_http.PERSON,
            roles=frozenset({Role.MEMBER}),
        )
        key = Path(stack.env("members")["TSUDOI_TOKEN_KEY"]).read_bytes()
        with webs.bare(stack, "events", straight_http.__name__, straight_http.TABLES, {}) as straight:
            url = stack.database_url("events", owner=True).replace("+psycopg", "")

            def kit_lap() -> Lap:
                ids = [new_id() for _ in range(n)]
                with running.unit(world.SOCIETY) as uow:
                    insert_rows(uow.session, EventRow, (_event(id) for id in ids))
                headers = {"Authorization": f"Bearer {sign_token(payer, key)}", "Accept": "application/json"}
                return _checked(
                    ours.lap([load.request(f"/events/api/my/events/{id}/registration", b"", headers) for id in ids])
                )

            def bare_lap() -> Lap:
                ids = [new_id() for _ in range(n)]
                _fill(url, ids)
                return _checked(straight.lap([load.request(f"/register/{id}", b"", {}) for id in ids]))

            laps = webs.rounds({"ours": kit_lap, "straight": bare_lap})
        running.stop()
    report.tell(
        "http",
        n,
        webs.rate(laps["ours"]),
        "requests/s",
        webs.rate(laps["straight"]),
        **webs.figures(laps["ours"]),
        **webs.figures(laps["straight"], "straight_"),
    )


def _checked(lap: Lap) -> Lap:
    assert set(lap.load.statuses) == {201}, lap.load.statuses
    return lap


def _event(id: str) -> dict[str, object]:
    today = clock.today()
    return {
        "society_id": world.SOCIETY,
        "id": id,
        "revision": 1,
        "title": "年次大会",
        "title_en": "Annual meeting",
        "venue": "東京",
        "venue_en": "Tokyo",
        "description": "",
        "description_en": "",
        "starts_on": today + timedelta(days=60),
        "ends_on": today + timedelta(days=61),
        "capacity": 500,
        "taken": 0,
        "fee": 5_000,
        "tax_class": "standard",
        "registration_until": today + timedelta(days=30),
        "methods": [],
        "published": True,
        "registration_open": True,
        "on_my_page": True,
        "created_at": clock.now(),
    }


def _fill(url: str, ids: list[str]) -> None:
    columns = ("id", "title", "title_en", "capacity", "taken", "fee", "registration_until", "starts_on")
    event = _event("")
    with psycopg.connect(url) as database, database.cursor() as cursor:
        names = ", ".join((*columns, "published", "registration_open"))
        with cursor.copy(f"COPY bare.events ({names}) FROM STDIN") as copy:
            for id in ids:
                copy.write_row((id, *(event[name] for name in columns[1:]), True, True))


if __name__ == "__main__":
    main()
