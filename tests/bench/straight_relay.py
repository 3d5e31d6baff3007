"""The raw limit of a relay: outbox rows to a quorum queue and marked, by a plain script without the kit."""

from __future__ import annotations

from collections.abc import Iterable

import psycopg

from tests.bench.lap import Stopwatch
from tests.bench.straight import Sender, connect

QUEUE = EXCHANGE = "straight"
TABLES = """
CREATE TABLE outbox (id uuid PRIMARY KEY, seq bigserial, type text, payload text, sent_at timestamptz);
CREATE INDEX ON outbox (seq) WHERE sent_at IS NULL;
CREATE TABLE inbox (id uuid PRIMARY KEY, at timestamptz DEFAULT now());
CREATE TABLE notes (id uuid PRIMARY KEY, invoice uuid, payer uuid, title text);
"""


def declare(broker_url: str) -> None:
    """A fresh queue, empty."""
    connection = connect(broker_url)
    channel = connection.channel()
    channel.exchange_declare(EXCHANGE, "topic", durable=True, auto_delete=False)
    channel.queue_delete(QUEUE)
    channel.queue_declare(QUEUE, durable=True, auto_delete=False, arguments={"x-queue-type": "quorum"})
    channel.queue_bind(QUEUE, EXCHANGE, "#")
    connection.close()


def fill(url: str, messages: Iterable[tuple[str, str, str]]) -> None:
    """Rows (id, type, payload) that wait."""
    with (
        psycopg.connect(url) as database,
        database.cursor().copy("COPY outbox (id, type, payload) FROM STDIN") as copy,
    ):
        for message in messages:
            copy.write_row(message)


def run(stopwatch: Stopwatch, url: str, broker_url: str) -> None:
    """Until all rows are confirmed and marked."""
    sender, sent = Sender(broker_url, "outbox"), 0
    with psycopg.connect(url) as database:
        while not stopwatch.finished(sent):
            sent += sender.send(database)
    sender.connection.close()
