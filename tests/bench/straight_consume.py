"""The raw limit of a consumer with an inbox and a row a message, by a plain script without the kit: one statement and
one commit a batch, then one ack for all of it."""

from __future__ import annotations

import json
from typing import Any

import psycopg

from tests.bench.lap import Stopwatch
from tests.bench.straight import connect
from tests.bench.straight_relay import QUEUE

BATCH = 500
CONSUME = """
WITH t AS (SELECT * FROM unnest(%s::uuid[], %s::uuid[], %s::uuid[], %s::text[]) AS t(id, invoice, payer, title)),
  fresh AS (INSERT INTO inbox (id) SELECT id FROM t ON CONFLICT DO NOTHING RETURNING id)
INSERT INTO notes SELECT t.* FROM t JOIN fresh USING (id)
"""


def run(stopwatch: Stopwatch, url: str, broker_url: str) -> None:
    """Until all messages have their row and are acked."""
    connection = connect(broker_url)
    channel = connection.channel()
    channel.basic_qos(0, 2 * BATCH, False)
    batch: list[Any] = []
    channel.basic_consume(QUEUE, callback=batch.append)
    done = 0
    with psycopg.connect(url) as database:
        while not stopwatch.finished(done):
            try:
                connection.drain_events(timeout=0.02)
                if len(batch) < BATCH:
                    continue
            except TimeoutError:
                if not batch:
                    continue
            bodies = [json.loads(message.body)["invoice"] for message in batch]
            columns = (
                [message.properties["message_id"] for message in batch],
                [invoice["id"] for invoice in bodies],
                [invoice["payer_id"] for invoice in bodies],
                [invoice["title"] for invoice in bodies],
            )
            database.execute(CONSUME, columns)
            database.commit()
            channel.basic_ack(batch[-1].delivery_tag, multiple=True)
            done += len(batch)
            batch.clear()
    connection.close()
