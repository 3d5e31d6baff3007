"""What each account may do at the broker: a service publishes its own messages and reads its own queues, no more."""

from __future__ import annotations

from collections.abc import Callable
from itertools import permutations
from typing import Any

import amqp
import pytest
from amqp.exceptions import AccessRefused

from deploy.stack.stack import Stack
from deploy.stack.state import SERVICES
from shared import clock
from shared.bus.topology import DEAD, EXCHANGE, again_exchange, dead_queue, queue_name, routing_key
from shared.ids import new_id
from shared.messages import Envelope
from shared.messages.payments import Payment, PaymentReceived
from tests.envelopes import envelope
from tests.faults import broker
from tests.faults.office import Office
from tests.faults.post import state_in
from tests.faults.score import Score
from tests.faults.site import Site

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("stack-faults"), pytest.mark.timeout(300)]


def _account_of(stack: Stack, service: str) -> str:
    return stack.env(service)["TSUDOI_BROKER"]


def _forged(office: Office) -> Envelope:
    payment = Payment(
        id=new_id(), revision=1, amount=10_000, method="cash", received_on=clock.today(), received_at=clock.now()
    )
    return envelope(PaymentReceived(payment=payment), office.society)


def _publish(broker_url: str, told: Envelope, exchange: str, key: str) -> None:
    message = amqp.Message(told.payload, delivery_mode=2, message_id=told.id, application_headers=told.headers())
    with broker.channel(broker_url) as each:
        each.basic_publish_confirm(message, exchange, key, mandatory=True, confirm_timeout=10)


def _refused(broker_url: str, do: Callable[[Any], object]) -> bool:
    with broker.channel(broker_url) as each:
        try:
            do(each)
        except AccessRefused:
            return True
    return False


@pytest.mark.row("A22")
def test_a_payment_that_events_says_is_refused_by_the_broker(stack: Stack, site: Site, score: Score) -> None:
    """Control: the administrator, whose account all services once shared, would be believed."""
    office = Office.found(site, 1)
    forged = _forged(office)
    ways = [
        (EXCHANGE, routing_key(forged.type, bulk=False)),
        (EXCHANGE, routing_key(forged.type, bulk=True)),
        (EXCHANGE, "prompt.events.RegistrationPlaced.v1.prompt." + forged.type),
        ("", queue_name("billing", bulk=False)),
        (DEAD, "billing"),
        (again_exchange("billing"), queue_name("billing", bulk=False)),
    ]
    score.injected(len(ways))
    for exchange, key in ways[:2] + ways[3:]:
        with pytest.raises(AccessRefused):
            _publish(_account_of(stack, "events"), forged, exchange, key)
    exchange, key = ways[2]  # its own name in front: allowed, and nobody's
    with broker.channel(_account_of(stack, "events")) as each:
        each.basic_publish_confirm(amqp.Message(forged.payload), exchange, key, confirm_timeout=10)
    believed = _forged(office)
    _publish(site.broker_url, believed, EXCHANGE, routing_key(believed.type, bulk=False))
    site.wait_until(lambda: state_in(site, "billing", believed.id) == "parked", step=3600)  # handled, and nobody's
    stack.run("bus", "discard", "billing", believed.id, "--reason", "injected by a test")
    assert state_in(site, "billing", forged.id) is None
    score.judge(site)


@pytest.mark.row("A22")
def test_a_payment_in_the_envelope_of_another_message_is_dead(stack: Stack, site: Site, score: Score) -> None:
    """Under a routing key of its own, events may send anything: the contents must be what the key says."""
    office = Office.found(site, 1)
    forged = _forged(office)
    score.injected()
    _publish(_account_of(stack, "events"), forged, EXCHANGE, "prompt.events.RegistrationPlaced.v1")
    try:
        site.wait_until(lambda: forged.id in broker.dead(site.broker_url)["billing"])
        assert state_in(site, "billing", forged.id) is None
    finally:
        for service in SERVICES:
            broker.empty_dead(site.broker_url, service)


@pytest.mark.row("A22")
@pytest.mark.rule("S31")
def test_an_account_reaches_nothing_of_the_others_and_changes_nothing(stack: Stack, score: Score) -> None:
    tried = 0
    for service, other in permutations(SERVICES, 2):
        for queue in (queue_name(other, bulk=False), queue_name(other, bulk=True), dead_queue(other)):
            tried += 1
            assert _refused(_account_of(stack, service), lambda each: each.basic_get(queue))  # noqa: B023
    for service in SERVICES:
        own, account = queue_name(service, bulk=False), _account_of(stack, service)
        for do in (
            lambda each: each.queue_bind(own, EXCHANGE, "prompt.members.#"),  # noqa: B023
            lambda each: each.queue_delete(own),  # noqa: B023
            lambda each: each.queue_purge("members.dead" if service != "members" else "billing.dead"),  # noqa: B023
            lambda each: each.exchange_delete(EXCHANGE),
            lambda each: each.queue_declare("mine", durable=True, auto_delete=False),
        ):
            tried += 1
            assert _refused(account, do)
        assert not _refused(account, lambda each: each.basic_get(dead_queue(service)))  # noqa: B023
    score.injected(tried)
