"""Playing stories until enough steps were made; the seed of each batch is printed, and repeats it."""

from __future__ import annotations

from collections import Counter

from hypothesis import HealthCheck, Phase, settings
from hypothesis import seed as seeded
from hypothesis.stateful import run_state_machine_as_test

from tests.model.machine import Model
from tests.model.world import World

STORIES = 20  # in a batch
STORY = 200  # steps that are tried; those for which there is nothing yet are not counted
NOT_STEPS = ("stories", "deaths")


def play(world: World, *, seed: int, steps: int, shrink: bool = True) -> Counter[str]:
    """Returns what was done how often. Fails with the shortest story found that breaks an invariant."""

    class Played(Model):
        pass

    Played.world, Played.made = world, Counter()
    known = settings(
        max_examples=STORIES,
        stateful_step_count=STORY,
        deadline=None,
        database=None,
        phases=[Phase.generate, Phase.shrink] if shrink else [Phase.generate],
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
    )
    batch = 0
    while count(Played.made) < steps:
        print(f"stories of seed {seed + batch}")
        run_state_machine_as_test(seeded(seed + batch)(Played), settings=known)
        batch += 1
    return Played.made


def count(made: Counter[str]) -> int:
    return sum(number for name, number in made.items() if name not in NOT_STEPS)
