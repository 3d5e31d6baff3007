"""The raw limit of this machine: invoices from COPY over outbox, quorum queue and confirms to two consumers that keep
an inbox and write a row each, by a plain script without the kit (psycopg COPY, pipelined py-amqp, batches)."""

from __future__ import annotations

import json
import multiprocessing
import time
import uuid
from typing import Any
from urllib.parse import urlsplit

import amqp
import psycopg

SCHEMA = """
DROP SCHEMA IF EXISTS straight CASCADE; CREATE SCHEMA straight;
CREATE TABLE straight.invoices (id uuid PRIMARY KEY, society uuid, member uuid, number text, kind text, title text,
  total int, state text, issued date, revision int);
CREATE INDEX ON straight.invoices (member);
CREATE TABLE straight.outbox (id uuid PRIMARY KEY, seq bigserial, type text, payload text, sent_at timestamptz);
CREATE INDEX ON straight.outbox (seq) WHERE sent_at IS NULL;
CREATE TABLE straight.inbox_a (id uuid PRIMARY KEY, at timestamptz DEFAULT now());
CREATE TABLE straight.inbox_b (id uuid PRIMARY KEY, at timestamptz DEFAULT now());
CREATE TABLE straight.effect_a (id uuid PRIMARY KEY, invoice uuid, body text);
CREATE TABLE straight.effect_b (id uuid PRIMARY KEY, invoice uuid, body text);
"""
QUEUES = ("straight-a", "straight-b")
CONSUME = """WITH t AS (SELECT * FROM unnest(%s::uuid[], %s::uuid[], %s::text[]) AS t(id, invoice, body)),
 i AS (INSERT INTO straight.inbox_{0} (id) SELECT id FROM t ON CONFLICT DO NOTHING RETURNING id)
 INSERT INTO straight.effect_{0} SELECT t.id, t.invoice, t.body FROM t JOIN i USING (id)"""


def run(database_url: str, broker_url: str, n: int) -> float:
    """Seconds from the first invoice to the last row of the slower consumer."""
    url = database_url.replace("+psycopg", "")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(SCHEMA)
    channel = connect(broker_url).channel()
    channel.exchange_declare("straight", "topic", durable=True, auto_delete=False)
    for queue in QUEUES:
        channel.queue_delete(queue)
        channel.queue_declare(queue, durable=True, auto_delete=False, arguments={"x-queue-type": "quorum"})
        channel.queue_bind(queue, "straight", "#")
    spawn = multiprocessing.get_context("spawn")
    workers = [
        spawn.Process(target=_relay, args=(url, broker_url, n)),
        *(spawn.Process(target=_consume, args=(url, broker_url, queue, n)) for queue in QUEUES),
    ]
    for worker in workers:
        worker.start()
    time.sleep(2)  # imports and connections are not what is measured
    began = time.monotonic()
    _bill(url, n)
    for worker in workers:
        worker.join()
    took = time.monotonic() - began
    with psycopg.connect(url, autocommit=True) as connection:
        for name in "ab":
            counted = connection.execute(f"SELECT count(*) FROM straight.effect_{name}").fetchone()
            assert counted == (n,), counted
        connection.execute("DROP SCHEMA straight CASCADE")
    for queue in QUEUES:
        channel.queue_delete(queue)
    return took


def connect(broker_url: str) -> amqp.Connection:
    url = urlsplit(broker_url)
    connection = amqp.Connection(
        f"{url.hostname}:{url.port}", userid=url.username, password=url.password, virtual_host=url.path[1:] or "/"
    )
    connection.connect()
    return connection


def _bill(url: str, n: int) -> None:
    society = str(uuid.uuid4())
    with psycopg.connect(url) as connection:
        for start in range(0, n, 10_000):
            invoices, messages = [], []
            for i in range(start, min(start + 10_000, n)):
                invoice, member = str(uuid.uuid4()), str(uuid.uuid4())
                row = (
                    invoice,
                    society,
                    member,
                    f"2026-{i:06d}",
                    "annual",
                    "2026年度年会費",
                    10_000,
                    "unpaid",
                    "2026-11-21",
                    1,
                )
                invoices.append(row)
                messages.append((str(uuid.uuid4()), "billing.InvoiceCreated.v1", _payload(row)))
            with connection.cursor() as cursor:
                with cursor.copy("COPY straight.invoices FROM STDIN") as copy:
                    for row in invoices:
                        copy.write_row(row)
                with cursor.copy("COPY straight.outbox (id, type, payload) FROM STDIN") as copy:
                    for message in messages:
                        copy.write_row(message)
            connection.commit()


def _payload(row: tuple[Any, ...]) -> str:
    names = ("id", "society", "payer_id", "number", "kind", "title", "total", "state", "issued_on", "revision")
    invoice = dict(
        zip(names, row, strict=True),
        title_en="Annual fee 2026",
        due=10_000,
        paid=0,
        due_on="2027-01-31",
        fiscal_year=2026,
    )
    invoice["lines"] = [{"title": "年会費 正会員", "amount": 10_000, "tax_class": "out_of_scope", "fiscal_year": 2026}]
    return json.dumps({"type": "billing.InvoiceCreated.v1", "invoice": invoice}, ensure_ascii=False)


class Sender:
    """Carries rows of an outbox to the exchange `straight` and marks them, with pipelined confirms."""

    def __init__(self, broker_url: str, outbox: str) -> None:
        self.connection = connect(broker_url)
        self._channel = self.connection.channel()
        self._channel.confirm_select()
        self._channel.events["basic_ack"].add(self._confirmed)
        self._outbox = outbox
        self._waiting: set[int] = set()
        self._tag = 0

    def send(self, database: psycopg.Connection[Any]) -> int:
        """Up to 1,000 rows, in one transaction. Returns how many."""
        rows = database.execute(
            f"SELECT id, type, payload FROM {self._outbox} WHERE sent_at IS NULL ORDER BY seq LIMIT 1000"
            " FOR UPDATE SKIP LOCKED"
        ).fetchall()
        for id, kind, payload in rows:
            self._tag += 1
            self._waiting.add(self._tag)
            self._channel.basic_publish(amqp.Message(payload, message_id=str(id), delivery_mode=2), "straight", kind)
        while self._waiting:
            self.connection.drain_events(timeout=10)
        database.execute(f"UPDATE {self._outbox} SET sent_at = now() WHERE id = ANY(%s)", ([row[0] for row in rows],))
        database.commit()
        return len(rows)

    def _confirmed(self, tag: int, multiple: bool) -> None:
        self._waiting.difference_update([t for t in self._waiting if t <= tag] if multiple else [tag])


def _relay(url: str, broker_url: str, n: int) -> None:
    sender, sent = Sender(broker_url, "straight.outbox"), 0
    with psycopg.connect(url) as database:
        while sent < n:
            done = sender.send(database)
            sent += done
            if not done:
                time.sleep(0.005)


def _consume(url: str, broker_url: str, queue: str, n: int) -> None:
    connection = connect(broker_url)
    channel = connection.channel()
    channel.basic_qos(0, 2000, False)
    batch: list[Any] = []
    channel.basic_consume(queue, callback=batch.append)
    done, statement = 0, CONSUME.format(queue[-1])
    with psycopg.connect(url) as database:
        while done < n:
            try:
                connection.drain_events(timeout=0.02)
                if len(batch) < 500:
                    continue
            except TimeoutError:
                if not batch:
                    continue
            ids = [message.properties["message_id"] for message in batch]
            bodies = [message.body if isinstance(message.body, str) else message.body.decode() for message in batch]
            invoices = [json.loads(body)["invoice"]["id"] for body in bodies]
            database.execute(statement, (ids, invoices, bodies))
            database.commit()
            channel.basic_ack(batch[-1].delivery_tag, multiple=True)
            done += len(batch)
            batch.clear()
