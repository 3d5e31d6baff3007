"""Bringing the world to rest: everything delivered, worked off, sent; then all invariants of a site hold."""

from __future__ import annotations

from datetime import timedelta

from shared.bus.parked import Which
from shared.bus.replay import replay
from shared.identity import SYSTEM
from tests.faults import invariants
from tests.faults.books import Books, id_of
from tests.faults.invariants import Violations, i1_everything_said_is_sent
from tests.faults.settling import BUSY, BUSY_HERE
from tests.model.quick_books import QuickBooks
from tests.model.world import SOCIETY, World

PAUSES = (2, 5, 30, 120, 600, 1800, 3600, 4000)  # seconds; the last one again and again
ROUNDS = 60
TICKED = ("payments", "events", "notifications")  # the clock work of the others moves nothing in the model
DIED = "the process died each time that it was handled"


def settle(world: World, books: QuickBooks) -> Violations:
    """Returns what never comes to rest."""
    world.simulation.spare()
    world.till.mood, world.post.mood = "answers", "takes"
    found = _wrongly_parked(books)
    _replay(world)
    world.send_to_mailbox()
    left: dict[str, int] = {}
    for number in range(ROUNDS):
        _do_all(world)
        left = _under_way(world, books)
        if not left:
            in_mailbox = "SELECT message_id FROM letters WHERE delivery = 'in-app mailbox'"
            world.post.arrived.update(row.message_id for row in books.rows("notifications", in_mailbox))
            return found
        world.simulation.move(timedelta(seconds=PAUSES[min(number, len(PAUSES) - 1)]))
    return [*found, f"never comes to rest: {left}"]


def violations(world: World, books: QuickBooks) -> Violations:
    """All invariants of a site at rest."""
    alone = [check for check in invariants.ALONE if check is not invariants.i9_provider_agrees]
    found = [f"{check.__name__}: {each}" for check in (*alone, i9_money_and_ends_agree) for each in check(books)]
    letters = invariants.i8_one_letter_for_each_fact(books, world.post.arrived, world.post.doubtful)
    found += [f"i8: {each}" for each in letters]
    found += [f"i10: {each}" for each in invariants.i10_everything_sent_is_processed(books)]
    return found + [f"i14: {each}" for each in invariants.i14_nothing_is_dead_or_parked(books)]


def i9_money_and_ends_agree(books: Books) -> Violations:
    """As I9, save that what ended without money may have ended differently: we cancelled while it ran out there."""
    theirs = {row.id: row for row in books.rows("sandbox", "SELECT id, key, state, amount FROM charges")}
    query = "SELECT provider_number, amount FROM payments WHERE provider = 'sandbox'"
    ours = {row.provider_number: row.amount for row in books.rows("payments", query)}
    taken = {id: charge.amount for id, charge in theirs.items() if charge.state == "paid"}
    found = [] if ours == taken else [f"provider took {taken}, we have {ours}"]
    attempts = {id_of(r.id): r for r in books.rows("payments", "SELECT id, reference, state FROM attempts")}
    for charge in theirs.values():
        attempt = attempts.pop(charge.key, None)
        if attempt is None or (attempt.reference, _end(attempt.state)) != (charge.id, _end(charge.state)):
            found.append(f"charge {charge.id} is {charge.state}, our attempt {attempt and tuple(attempt)}")
    return found + [f"attempt {id} is unknown to the provider" for id, a in attempts.items() if a.reference]


def _end(state: str) -> str:
    return "over" if state in ("failed", "expired", "cancelled") else state


def _do_all(world: World) -> None:
    world.till.close_overdue()
    world.till.end_scans()
    for number in world.till.owed():
        world.till.notify(world.services["payments"], SOCIETY, number)
    for running in world.services.values():
        while world.relay(running):
            pass
    for running in world.all:
        while lying := world.queues.lying[running][:100]:
            world.queues.arrive(running, lying)
        while world.work_off(running):
            pass
    while world.do_long_work(world.services["billing"]):
        pass
    for name in TICKED:
        world.tick(world.services[name])


def _wrongly_parked(books: QuickBooks) -> Violations:
    """Only a message at which the process died again and again may be parked."""
    query = "SELECT type, error FROM inbox WHERE state = 'parked' AND error <> :died"
    return [
        f"{name} parked {row.type}: {row.error}"
        for name in books.services
        for row in books.rows(name, query, died=DIED)
    ]


def _replay(world: World) -> None:
    for running in world.all:
        replay(running, Which(), reason="it was not the message's fault", actor=SYSTEM)


def _under_way(world: World, books: QuickBooks) -> dict[str, int]:
    found = {"unsent": len(i1_everything_said_is_sent(books))}
    for name in (*books.services, "witness"):
        found |= {f"{name}: {what}": int(books.one(name, query)) for what, query in BUSY.items()}
    found |= {f"{name}: {what}": int(books.one(name, query)) for (name, what), query in BUSY_HERE.items()}
    found["in queues"] = sum(map(len, world.queues.lying.values()))
    return {what: count for what, count in found.items() if count}
