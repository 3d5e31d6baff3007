"""From said to handled on an idle stack, one prompt message at a time: members says (its commit returns), its relay and
billing's worker do the rest, until billing's row is there. Straight: `tests.bench.straight_hop`, the same way bare."""

from __future__ import annotations

import time
from collections.abc import Iterator

import psycopg

from shared.messages.members import Person, PersonChanged
from shared.service import RunningService
from tests.bench import report, straight_hop, world

NOTICED = """
CREATE FUNCTION noticed() RETURNS trigger LANGUAGE plpgsql AS
  $$BEGIN PERFORM pg_notify('noticed', NEW.id::text || ' ' || NEW.revision); RETURN NULL; END$$;
CREATE TRIGGER noticed AFTER INSERT OR UPDATE ON people FOR EACH ROW EXECUTE FUNCTION noticed();
"""


def main() -> None:
    n = report.size(500)
    with world.stack(("members", "billing")) as stack:
        limit = straight_hop.run(stack.database_url("billing", owner=True), stack.broker_url, n)
        world.fill(stack, 0, services=("members", "billing"))
        members = world.running(stack, "members")
        url = stack.database_url("billing", owner=True).replace("+psycopg", "")
        with psycopg.connect(url, autocommit=True) as listening:
            listening.execute(NOTICED)  # at the commit, the database tells us: no polling disturbs an idle machine
            listening.execute("LISTEN noticed")
            took = list(_hops(members, listening, n + 20))[20:]
        members.stop()
    report.tell(
        "latency",
        n,
        report.percentile(took, 0.5) * 1000,
        "ms",
        report.percentile(limit, 0.5) * 1000,
        p99=round(report.percentile(took, 0.99) * 1000, 1),
        straight_p99=round(report.percentile(limit, 0.99) * 1000, 1),
    )


def _hops(members: RunningService, listening: psycopg.Connection[tuple[object, ...]], n: int) -> Iterator[float]:
    id = str(world.person(0)["id"])
    for revision in range(1, n + 1):
        with members.unit(world.SOCIETY) as uow:
            uow.say(
                PersonChanged(person=Person(id=id, revision=revision, kind="individual", name="山田", kana="ヤマダ"))
            )
        began = time.monotonic()
        wanted = f"{id} {revision}"
        if not any(told.payload == wanted for told in listening.notifies(timeout=30, stop_after=1)):
            raise TimeoutError(wanted)
        yield time.monotonic() - began


if __name__ == "__main__":
    main()
