"""The task on Celery: `defaults`, or `reliable` (quorum queue, late acks, publisher confirms)."""

from __future__ import annotations

import os
from typing import Any

from celery import Celery
from kombu.entity import Queue

from tests.bench.peers_ground import QUEUE, broker_url, keep

make_queue: Any = Queue
app = Celery("peers", broker=broker_url())
app.conf.update(task_ignore_result=True, task_default_queue=QUEUE, worker_enable_remote_control=False)
if os.environ["BENCH_MODE"] == "reliable":
    app.conf.update(
        task_queues=[make_queue(QUEUE, queue_arguments={"x-queue-type": "quorum"})],
        task_default_queue_type="quorum",
        task_acks_late=True,
        broker_transport_options={"confirm_publish": True},
        worker_detect_quorum_queues=True,
    )

send = app.task(keep, name="peers.note").delay
