"""Frames packed and unpacked by hand are those of py-amqp: byte for byte outwards, message for message inwards."""

from __future__ import annotations

import random
import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import amqp
import pytest
from amqp import spec
from amqp.exceptions import UnexpectedFrame
from amqp.method_framing import frame_handler, frame_writer
from amqp.serialization import dumps
from amqp.transport import TCPTransport

from shared.bus.wire import Delivery, Reader, publication
from shared.ids import new_id
from shared.messages import Envelope

CHANNEL = 1
FRAME_MAX = 4096
HEARTBEAT = b"\x08\x00\x00\x00\x00\x00\x00\xce"


@dataclass
class Line:
    """A connection without a broker: py-amqp's transport and framing on one end of a pair of sockets."""

    transport: TCPTransport
    far: socket.socket
    frame_max: int = FRAME_MAX
    bytes_recv: int = 0
    bytes_sent: int = 0
    by_amqp: list[tuple[Any, Any]] = field(default_factory=list)
    deliveries: list[Delivery] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.on_inbound_frame = frame_handler(self, self._on_method)
        self.reader = Reader(self, self.deliveries.append)

    def _on_method(self, _channel: int, method: tuple[int, int], payload: bytes, message: Any) -> None:
        self.by_amqp.append((method, message))
        if method == spec.Basic.Deliver:
            tag = 5 + payload[4]
            number, redelivered = int.from_bytes(payload[tag : tag + 8], "big"), bool(payload[tag + 8])
            self.deliveries.append(Delivery(number, redelivered, message.properties, message.body, payload[tag + 9 :]))

    def read_all(self) -> None:
        try:
            while True:
                self.reader.read(0.05)
        except TimeoutError:
            pass


@pytest.fixture
def line() -> Iterator[Line]:
    near, far = socket.socketpair()
    transport = TCPTransport("nowhere")
    transport.sock = near
    transport._setup_transport()
    yield Line(transport, far)
    near.close()
    far.close()


def envelope(payload: str, **attributes: Any) -> Envelope:
    values: dict[str, Any] = {
        "id": new_id(),
        "type": "billing.InvoiceCreated.v1",
        "source": "/billing",
        "time": datetime(2026, 4, 1, 12, 30, tzinfo=UTC),
        "society": new_id(),
        "correlation": new_id(),
    }
    return Envelope(**(values | attributes), payload=payload)


def delivered(number: int, body: bytes, properties: dict[str, Any], *, redelivered: bool = False) -> bytes:
    """As a broker would send it: written by py-amqp."""
    arguments = dumps("sLbss", ("consumer", number, redelivered, "tsudoi", "prompt.x"))
    return written(spec.Basic.Deliver, arguments, amqp.Message(body, **properties))


def written(method: tuple[int, int], arguments: bytes, message: amqp.Message) -> bytes:
    parts: list[bytes] = []

    class Sink:
        frame_max, bytes_sent = FRAME_MAX, 0

        def write(self, data: memoryview | bytes) -> None:
            parts.append(bytes(data))

    sink = Sink()
    frame_writer(sink, sink)(1, CHANNEL, method, arguments, message)
    return b"".join(parts)


@pytest.mark.parametrize("payload", ["{}", "年会費" * 10, "x" * 5_000, "年" * 60_000, ""])
@pytest.mark.parametrize("attributes", [{}, {"society": None, "causation": new_id(), "traceparent": "00-1-2-01"}])
def test_what_we_publish_is_what_py_amqp_would_write(payload: str, attributes: dict[str, Any]) -> None:
    said = envelope(payload, **attributes)
    message = amqp.Message(
        payload,
        content_type="application/json",
        delivery_mode=2,
        message_id=said.id,
        application_headers=said.headers(),
    )
    arguments = dumps("Bssbb", (0, "tsudoi", "bulk.some.Type.v1", True, False))
    expected = written(spec.Basic.Publish, arguments, message)
    assert publication(CHANNEL, "tsudoi", "bulk.some.Type.v1", said, FRAME_MAX) == expected


def test_every_kind_of_delivery_arrives_however_the_bytes_are_cut(line: Line) -> None:
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    dice = random.Random(seed)
    stream, expected = [], []
    for number in range(1, 400):
        body, properties = dice.choice(BODIES), dice.choice(PROPERTIES)
        redelivered = dice.random() < 0.2
        stream.append(delivered(number, body, properties, redelivered=redelivered))
        expected.append((number, redelivered, properties.get("application_headers"), body or b""))
        if dice.random() < 0.2:
            stream.append(HEARTBEAT)
    data = b"".join(stream)
    while data:
        size = min(len(data), dice.choice((1, 7, 60, 700, 5_000, 60_000)))
        line.far.sendall(data[:size])
        data = data[size:]
        line.reader.read(1)
    found = [
        (d.delivery_tag, d.redelivered, d.properties.get("application_headers"), d.body or b"") for d in line.deliveries
    ]
    assert found == expected
    assert 0 < len(line.by_amqp) < 399, "most are read by hand, some are left to py-amqp"


OURS = {
    "content_type": "application/json",
    "content_encoding": "utf-8",
    "delivery_mode": 2,
    "message_id": new_id(),
    "application_headers": envelope("{}").headers(),
}
PROPERTIES: tuple[dict[str, Any], ...] = (
    OURS,
    OURS,
    OURS,
    {},
    {"delivery_mode": 2},
    {"application_headers": {}},
    {"application_headers": {"x-delivery-count": 3, "cloudEvents:id": "17"}},
    {"application_headers": {"a": {"table": ["of", 1, True]}}, "priority": 3},
    {"application_headers": {"名前": "値"}, "message_id": "x", "app_id": "somebody"},
    {"application_headers": {"not text": b"\xff\xfe"}},
)
BODIES = (
    b"{}",
    "年会費".encode() * 100,
    b"x" * 5_000,  # more than a frame
    b"",
    b"\x00\x3c\x00\x3c" * 3,  # looks like a delivery
)


def test_other_methods_reach_py_amqp_and_what_is_cut_short_waits_for_it(line: Line) -> None:
    whole = delivered(1, b"{}", OURS)
    ack = b"\x01\x00\x01\x00\x00\x00\x0d\x00\x3c\x00\x50" + (7).to_bytes(8, "big") + b"\x00\xce"
    line.far.sendall(ack + whole + whole[:30])
    line.read_all()
    assert [method for method, _ in line.by_amqp] == [spec.Basic.Ack]
    assert len(line.deliveries) == 1
    line.far.sendall(whole[30:])
    kinds = [line.transport.read_frame()[0] for _ in range(3)]
    assert kinds == [1, 2, 3], "py-amqp reads on where we stopped"


def test_a_broken_frame_and_a_closed_connection_are_errors(line: Line) -> None:
    line.far.sendall(HEARTBEAT[:-1] + b"\x00")
    with pytest.raises(UnexpectedFrame):
        line.read_all()
    line.transport._read_buffer = b""
    line.far.shutdown(socket.SHUT_WR)
    with pytest.raises(ConnectionError):
        line.read_all()
