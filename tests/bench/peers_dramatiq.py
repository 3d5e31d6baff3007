"""The task on dramatiq: `defaults`, or `reliable` (publisher confirms; it acks late in any case)."""

from __future__ import annotations

import os
from typing import Any

import dramatiq
from dramatiq.brokers.rabbitmq import RabbitmqBroker

from tests.bench.peers_ground import QUEUE, broker_url, keep

broker = RabbitmqBroker(url=broker_url(), confirm_delivery=os.environ["BENCH_MODE"] == "reliable")
dramatiq.set_broker(broker)

make_actor: Any = dramatiq.actor
send = make_actor(keep, queue_name=QUEUE).send
