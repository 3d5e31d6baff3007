"""A broker of our own, so that it can be killed and starved without disturbing other tests."""

from __future__ import annotations

import secrets
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.stack.errors import StackError
from deploy.stack.ports import free_port
from deploy.stack.rabbit import Rabbit
from shared import observe
from shared.bus.rabbit import RabbitPublisher
from shared.bus.relay import BusUnavailable, relay_once
from tests.conformance.buses import Bus, until
from tests.conformance.conftest import make_databases, running_bus
from tests.conformance.sample import created
from tests.servers import missing
from tests.servers.plugin import FreshDatabase

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def own_rabbit() -> Iterator[Rabbit]:
    folder = Path(tempfile.mkdtemp(prefix="tsudoi-test-rabbit-"))
    folder.chmod(0o711)
    ports = (free_port(), free_port(), free_port())
    rabbit = Rabbit(folder / "server", *ports, secrets.token_hex(16), secrets.token_hex(20))
    try:
        rabbit.start()
    except StackError as trouble:
        missing.missing("RabbitMQ", str(trouble))
    yield rabbit
    rabbit.stop()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def own_bus(own_rabbit: Rabbit, fresh_database: FreshDatabase) -> Iterator[Bus]:
    with running_bus("rabbit", make_databases(fresh_database), own_rabbit.url()) as bus:
        yield bus


@pytest.mark.row("A1")
@pytest.mark.row("A2")
def test_a_broker_killed_under_load_loses_and_repeats_nothing(own_bus: Bus, own_rabbit: Rabbit) -> None:
    own_bus.start()
    ids = own_bus.say(*[created() for _ in range(1000)], bulk=True)
    until(lambda: own_bus.effects())
    own_rabbit.kill()
    ids += own_bus.say(*[created() for _ in range(200)])  # the database covers for the broker
    own_rabbit.start()
    until(lambda: own_bus.all_handled(ids), seconds=90)
    assert len(own_bus.effects()) == 1200
    assert set(own_bus.effects().values()) == {1}
    until(lambda: own_bus.unsent() == 0)


@pytest.mark.row("A4")
def test_a_broker_that_blocks_publishers_is_noticed_and_nothing_is_taken_for_sent(
    own_bus: Bus, own_rabbit: Rabbit
) -> None:
    own_bus.declare()
    publisher = RabbitPublisher(own_bus.broker_url)
    own_rabbit.control("set_vm_memory_high_watermark", "0.00001")
    try:
        ids = own_bus.say(*[created() for _ in range(200)])
        started = time.monotonic()
        with pytest.raises(BusUnavailable):
            relay_once(own_bus.billing, publisher)
        assert time.monotonic() - started < 8
        assert own_bus.unsent() == 200
        assert observe.BROKER_BLOCKED._value.get() == 1
    finally:
        own_rabbit.control("set_vm_memory_high_watermark", "0.4")
    publisher.close()
    own_bus.start()
    until(lambda: own_bus.all_handled(ids))
    assert observe.BROKER_BLOCKED._value.get() == 0
    assert set(own_bus.effects().values()) == {1}
