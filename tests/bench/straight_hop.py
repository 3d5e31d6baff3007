"""The raw limit of one click, no kit: a row committed, a message confirmed by the broker, consumed, a row committed."""

from __future__ import annotations

import threading
import time
import uuid

import amqp
import psycopg

from tests.bench.straight import connect

PAYLOAD = "x" * 600


def run(database_url: str, broker_url: str, n: int) -> list[float]:
    """Seconds of each hop, one after the other."""
    url = database_url.replace("+psycopg", "")
    with psycopg.connect(url, autocommit=True) as database:
        database.execute("DROP TABLE IF EXISTS hop; CREATE TABLE hop (id uuid, step int, body text)")
    arrived = threading.Event()
    stop = threading.Event()
    declaring = connect(broker_url).channel()
    declaring.queue_delete("hop")
    declaring.queue_declare("hop", durable=True, auto_delete=False, arguments={"x-queue-type": "quorum"})
    consumer = threading.Thread(target=_consume, args=(url, broker_url, arrived, stop))
    consumer.start()
    connection = connect(broker_url)
    channel = connection.channel()
    channel.confirm_select()
    confirmed: list[int] = []
    channel.events["basic_ack"].add(lambda tag, multiple: confirmed.append(tag))
    took = []
    with psycopg.connect(url) as database:
        for i in range(n):
            arrived.clear()
            began = time.monotonic()
            id = str(uuid.uuid4())
            database.execute("INSERT INTO hop VALUES (%s, 1, %s)", (id, PAYLOAD))
            database.commit()
            channel.basic_publish(amqp.Message(PAYLOAD, message_id=id, delivery_mode=2), "", "hop")
            while len(confirmed) <= i:
                connection.drain_events(timeout=5)
            arrived.wait(5)
            took.append(time.monotonic() - began)
    stop.set()
    consumer.join()
    declaring.queue_delete("hop")
    with psycopg.connect(url, autocommit=True) as database:
        database.execute("DROP TABLE hop")
    return took


def _consume(url: str, broker_url: str, arrived: threading.Event, stop: threading.Event) -> None:
    connection = connect(broker_url)
    channel = connection.channel()
    with psycopg.connect(url) as database:

        def take(message: amqp.Message) -> None:
            database.execute("INSERT INTO hop VALUES (%s, 2, %s)", (message.properties["message_id"], message.body))
            database.commit()
            channel.basic_ack(message.delivery_tag)
            arrived.set()

        channel.basic_consume("hop", callback=take)
        while not stop.is_set():
            try:
                connection.drain_events(timeout=0.1)
            except TimeoutError:
                continue
