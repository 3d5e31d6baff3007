"""The two AMQP 0-9-1 methods that carry our messages, packed and unpacked by hand; all others are py-amqp's.

py-amqp treats every field by itself and asks the system for every frame, thrice when it reads: more work than all else
that a message costs us. On the wire nothing differs. What we have read and not used lies where py-amqp would have left
it, so that its own calls on the same connection go on from there."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from struct import Struct
from typing import Any, NamedTuple

from amqp.exceptions import UnexpectedFrame
from amqp.serialization import loads

from shared.messages import Envelope

METHOD, HEADER, BODY = 1, 2, 3
END = b"\xce"
OVERHEAD = 8  # bytes of a frame around its payload
CHUNK = 65_536  # bytes read at once

_FRAME = Struct(">BHI")  # type, channel, size of the payload that follows
_CONTENT = Struct(">HHQH")  # class, weight, size of the body, flags of the properties
_PUBLISH = Struct(">HHH")  # class, method, reserved
_LONG = Struct(">I")
_LONG_LONG = Struct(">Q")

BASIC = 60
PUBLISH = 40
DELIVER = bytes((0, BASIC, 0, 60))
MANDATORY = b"\x01"
CONTENT_TYPE, CONTENT_ENCODING, HEADERS, DELIVERY_MODE, MESSAGE_ID = 0x8000, 0x4000, 0x2000, 0x1000, 0x0080
OURS = CONTENT_TYPE | CONTENT_ENCODING | HEADERS | DELIVERY_MODE | MESSAGE_ID
PERSISTENT = b"\x02"
LONG_STRING = ord("S")


class Delivery(NamedTuple):
    """A message as the broker hands it over; has what `arrival.read` needs of a py-amqp message."""

    delivery_tag: int
    redelivered: bool
    properties: dict[str, Any]
    body: bytes
    way: bytes  # as `way` packs it: where it was sent to


def publication(channel: int, exchange: str, key: str, envelope: Envelope, frame_max: int) -> bytes:
    """The frames of `basic.publish` (mandatory, persistent) of one message."""
    body = envelope.payload.encode()
    table = b"".join([_header(name, value) for name, value in envelope.headers().items()])
    properties = b"".join(
        (
            _CONTENT.pack(BASIC, 0, len(body), OURS),
            _short("application/json"),
            _short("utf-8"),
            _LONG.pack(len(table)),
            table,
            PERSISTENT,
            _short(envelope.id),
        )
    )
    longest = frame_max - OVERHEAD
    bodies = [_frame(BODY, channel, body[start : start + longest]) for start in range(0, len(body), longest)]
    return b"".join((_publish(channel, exchange, key), _frame(HEADER, channel, properties), *bodies))


def _frame(kind: int, channel: int, payload: bytes) -> bytes:
    return _FRAME.pack(kind, channel, len(payload)) + payload + END


@lru_cache
def _publish(channel: int, exchange: str, key: str) -> bytes:
    arguments = _PUBLISH.pack(BASIC, PUBLISH, 0) + _short(exchange) + _short(key) + MANDATORY
    return _frame(METHOD, channel, arguments)


def _short(text: str) -> bytes:
    encoded = text.encode()
    return bytes((len(encoded),)) + encoded


@lru_cache
def way(exchange: str, key: str) -> bytes:
    """Exchange and routing key, as they stand at the end of a delivery."""
    return _short(exchange) + _short(key)


@lru_cache
def _name(name: str) -> bytes:
    return _short(name) + bytes((LONG_STRING,))


def _header(name: str, value: str) -> bytes:
    encoded = value.encode()
    return _name(name) + _LONG.pack(len(encoded)) + encoded


class Reader:
    """Takes in what the broker sends on a connection. Deliveries go to `take`, other frames to py-amqp's callbacks."""

    def __init__(self, connection: Any, take: Callable[[Delivery], object] | None = None) -> None:
        self._connection = connection
        self._take = take

    def read(self, timeout: float) -> None:
        """What has come, waiting at most so long for its first byte. Raises TimeoutError when nothing has."""
        transport = self._connection.transport
        with transport.having_timeout(timeout):
            came = transport._quick_recv(CHUNK)
        if not came:
            raise ConnectionError("the broker closed the connection")
        buffer, at = transport._read_buffer + came, 0
        while end := _end_of_frame(buffer, at):
            if self._take is not None and (taken := _delivery(buffer, at, end)):
                delivery, at = taken
                self._connection.bytes_recv += 1  # by which heartbeats are noticed
                self._take(delivery)
                continue
            kind, channel, _ = _FRAME.unpack_from(buffer, at)
            transport._read_buffer = buffer[end:]  # py-amqp may read on itself, before it returns
            self._connection.on_inbound_frame((kind, channel, buffer[at + 7 : end - 1]))
            buffer, at = transport._read_buffer, 0
        transport._read_buffer = buffer[at:]


def _end_of_frame(buffer: bytes, at: int) -> int:
    """Where the frame that begins here ends; 0 if it has not come whole."""
    if len(buffer) < at + OVERHEAD:
        return 0
    end: int = at + OVERHEAD + _LONG.unpack_from(buffer, at + 3)[0]
    if end > len(buffer):
        return 0
    if buffer[end - 1] != END[0]:
        raise UnexpectedFrame("a frame does not end where it should")
    return end


def _delivery(buffer: bytes, at: int, end: int) -> tuple[Delivery, int] | None:
    """The delivery that begins here, and where it ends; None for any but one that is all there, its body in a frame."""
    if buffer[at] != METHOD or buffer[at + 7 : at + 11] != DELIVER:
        return None
    header, end_of_header = end, _end_of_frame(buffer, end)
    body, end_of_body = end_of_header, end_of_header and _end_of_frame(buffer, end_of_header)
    if not end_of_body or buffer[header] != HEADER or buffer[body] != BODY:
        return None
    _, _, size, flags = _CONTENT.unpack_from(buffer, header + 7)
    if end_of_body != body + OVERHEAD + size:
        return None
    tag = at + 11 + 1 + buffer[at + 11]  # after the consumer's name
    return Delivery(
        delivery_tag=_LONG_LONG.unpack_from(buffer, tag)[0],
        redelivered=bool(buffer[tag + 8] & 1),
        properties=_properties(buffer, header + 21, flags),
        body=buffer[body + 7 : end_of_body - 1],
        way=buffer[tag + 9 : end - 1],
    ), end_of_body


def _properties(buffer: bytes, at: int, flags: int) -> dict[str, Any]:
    """Only the headers; before them come two short strings at most."""
    if not flags & HEADERS:
        return {}
    for flag in (CONTENT_TYPE, CONTENT_ENCODING):
        if flags & flag:
            at += 1 + buffer[at]
    return {"application_headers": _strings(buffer, at) or loads("F", buffer, at)[0][0]}


def _strings(buffer: bytes, at: int) -> dict[str, str] | None:
    """A table that holds nothing but strings, as ours do; None for any other."""
    found: dict[str, str] = {}
    end = at + 4 + _LONG.unpack_from(buffer, at)[0]
    at += 4
    try:
        while at < end:
            after = at + 1 + buffer[at]
            if buffer[after] != LONG_STRING:
                return None
            start = after + 5
            finish = start + _LONG.unpack_from(buffer, after + 1)[0]
            found[_known_name(buffer[at + 1 : after])] = buffer[start:finish].decode()
            at = finish
    except UnicodeDecodeError:
        return None
    return found


@lru_cache
def _known_name(name: bytes) -> str:
    return name.decode()
