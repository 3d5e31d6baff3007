"""Random stories of a society under trouble: 5,000 steps here, 200,000 in the campaign; and planted defects are found."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from tests.model.run import play
from tests.model.simulation import Simulation
from tests.model.world import World

STEPS = 5_000
STEPS_OF_THE_CAMPAIGN = 200_000


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("model")
    simulation = Simulation()
    with simulation.running():
        made = World(folder, simulation)
    with made.open():
        yield made
    made.close()


@pytest.mark.row("A7")
@pytest.mark.row("A8")
def test_whatever_happens_in_whatever_order(world: World, seed: int, campaign: bool) -> None:
    play(world, seed=seed, steps=STEPS_OF_THE_CAMPAIGN if campaign else STEPS)
