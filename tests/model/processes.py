"""What the processes of the model do when Hypothesis says so: each function is one piece of the kit's work. Numbers
choose among those that have something to do."""

from __future__ import annotations

from datetime import timedelta

from shared.bus.ticker import KEEP_HANDLED
from shared.service import RunningService
from tests.model.business import Nothing
from tests.model.quick_books import QuickBooks
from tests.model.simulation import START
from tests.model.witness import NAME as WITNESS
from tests.model.world import World

LONGEST_STORY = KEEP_HANDLED - timedelta(days=4)
UNSENT = "SELECT 1 FROM outbox WHERE sent_at IS NULL LIMIT 1"
OPEN = "SELECT 1 FROM inbox WHERE state IN ('waiting', 'retrying') LIMIT 1"


class Processes:
    """`die_at`: the crash point at which the process at work dies, where it comes by there."""

    def __init__(self, world: World, books: QuickBooks) -> None:
        self._world, self._books = world, books

    def relay_to_queues(self, number: int, limit: int, die_at: str) -> None:
        running = self._busy(UNSENT, number)
        self._world.simulation.kill_at(die_at)
        self._world.relay(running, limit=limit, by_broker=True)

    def relay_to_inboxes(self, number: int, die_at: str) -> None:
        running = self._busy(UNSENT, number)
        self._world.simulation.kill_at(die_at)
        self._world.relay(running)

    def arrive(self, number: int, first: int, count: int, newest: bool, ack_lost: bool, die_at: str) -> None:
        """Some of a queue, wherever they lie in it, the newest first or the oldest."""
        filled = [running for running, lying in self._world.queues.lying.items() if lying]
        if not filled:
            raise Nothing
        running = filled[number % len(filled)]
        lying = self._world.queues.lying[running]
        begin = first % len(lying)
        chosen = (lying[::-1] if newest else lying)[begin : begin + count]
        self._world.simulation.kill_at(die_at)
        self._world.queues.arrive(running, chosen, keep=ack_lost)

    def work_off(self, number: int, die_at: str, passes: int) -> None:
        running = self._busy(OPEN, number)
        self._world.simulation.kill_at(die_at, passes)
        self._world.work_off(running)

    def do_long_work(self, passes: int) -> None:
        if not self._books.rows("billing", "SELECT 1 FROM jobs WHERE state IN ('queued', 'running') LIMIT 1"):
            raise Nothing
        self._world.simulation.kill_at("outbox" if passes else "", passes)
        self._world.do_long_work(self._world.services["billing"])

    def tick(self, service: str, till: str, post: str) -> None:
        self._world.till.mood, self._world.post.mood = till, post
        self._world.tick(self._world.services[service])

    def time_passes(self, seconds: int) -> None:
        """The provider's own clock work is never late. A story is over before inboxes begin to forget."""
        if self._world.simulation.moment + timedelta(seconds=seconds) > START + LONGEST_STORY:
            raise Nothing
        self._world.simulation.move(timedelta(seconds=seconds))
        self._world.till.close_overdue()

    def die_while_saying(self, passes: int) -> None:
        """Whoever is the n-th from now on to say something dies just before the commit."""
        self._world.simulation.kill_at("outbox", passes)

    def _busy(self, query: str, number: int) -> RunningService:
        everybody = {**self._world.services, WITNESS: self._world.witness}
        busy = [running for name, running in everybody.items() if self._books.rows(name, query)]
        if not busy:
            raise Nothing
        return busy[number % len(busy)]
