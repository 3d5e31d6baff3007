"""The state machine: Hypothesis chooses steps and shrinks what fails to a short list of them.

A step is business, or a piece of what the processes do (relay, take messages, work off, tick), or trouble: a process
dies at a crash point, acks and answers get lost, time passes. All invariants that hold at every moment are asked after
each; at the end of each story the world is brought to rest, and all of them are asked."""

from __future__ import annotations

from collections import Counter
from typing import ClassVar

from hypothesis.stateful import RuleBasedStateMachine, rule

from shared.errors import TsudoiError
from tests.model import rest
from tests.model.business import Business, Nothing
from tests.model.moments import Watch
from tests.model.processes import Processes
from tests.model.quick_books import QuickBooks
from tests.model.steps import STEPS, Step
from tests.model.witness import NAME as WITNESS
from tests.model.world import World


class Model(RuleBasedStateMachine):
    """`world` is given by the test; `made` counts the steps that were really made, over all stories, by name."""

    world: ClassVar[World]
    made: ClassVar[Counter[str]]

    def __init__(self) -> None:
        super().__init__()
        self.world.begin(0)
        databases = {**self.world.databases, "sandbox": f"sqlite:///{self.world.home / 'sandbox.db'}"}
        databases[WITNESS] = f"sqlite:///{self.world.home / WITNESS}.db"
        self.books = QuickBooks(databases, apart=frozenset({"sandbox", WITNESS}))
        self.watch = Watch(self.books)
        self._business = Business(self.world, self.books)
        self._processes = Processes(self.world, self.books)

    @rule(step=STEPS)
    def then(self, step: Step) -> None:
        """That a use-case refuses is as good a step as that it agrees."""
        doer = self._business if hasattr(self._business, step.name) else self._processes
        work = getattr(doer, step.name)
        outcome = "done"
        try:
            if not self.world.attempt(lambda: work(**step.values)):
                outcome = "died"
        except TsudoiError:
            outcome = "refused"
        except Nothing:
            return
        self.made[f"{step.name} {outcome}"] += 1
        assert (found := self.watch.violations()) == [], "\n".join(found)

    def teardown(self) -> None:
        try:
            found = rest.settle(self.world, self.books)
            found += self.watch.violations() + rest.violations(self.world, self.books)
        finally:
            self.books.close()
        assert found == [], "\n".join(found)
        self.made["stories"] += 1
        self.made["deaths"] += self.world.simulation.deaths
