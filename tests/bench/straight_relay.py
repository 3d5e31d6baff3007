"""The raw limit of a relay: outbox rows to a quorum queue and marked, by a plain script without the kit."""

from __future__ import annotations

from collections.abc import Iterable

import amqp
import psycopg

from tests.bench.lap import Stopwatch
from tests.bench.straight import connect

BATCH = 1000
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
    connection = connect(broker_url)
    channel = connection.channel()
    channel.confirm_select()
    waiting: set[int] = set()

    def confirmed(tag: int, multiple: bool) -> None:
        waiting.difference_update([t for t in waiting if t <= tag] if multiple else [tag])

    channel.events["basic_ack"].add(confirmed)
    sent = 0
    with psycopg.connect(url) as database:
        while not stopwatch.finished(sent):
            rows = database.execute(
                "SELECT id, type, payload FROM outbox WHERE sent_at IS NULL ORDER BY seq LIMIT %s"
                " FOR UPDATE SKIP LOCKED",
                (BATCH,),
            ).fetchall()
            for tag, (id, kind, payload) in enumerate(rows, sent + 1):
                waiting.add(tag)
                channel.basic_publish(amqp.Message(payload, message_id=str(id), delivery_mode=2), EXCHANGE, kind)
            while waiting:
                connection.drain_events(timeout=10)
            database.execute("UPDATE outbox SET sent_at = now() WHERE id = ANY(%s)", ([row[0] for row in rows],))
            database.commit()
            sent += len(rows)
    connection.close()
