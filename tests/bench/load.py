"""Load on an HTTP address by a client that costs little: prepared requests over kept-alive sockets, one epoll loop."""

from __future__ import annotations

import selectors
import socket
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.bench.report import percentile

SILENT = 20.0  # seconds without any answer


@dataclass
class Load:
    """What came of it. Seconds."""

    took: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    seconds: float = 0.0

    @property
    def rate(self) -> float:
        return len(self.took) / self.seconds

    def ms(self, share: float) -> float:
        return percentile(self.took, share) * 1000


def request(path: str, body: bytes, headers: dict[str, str]) -> bytes:
    """A POST as it goes over the wire."""
    lines = [f"POST {path} HTTP/1.1", "Host: 127.0.0.1", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, f"Content-Length: {len(body)}", "", ""]).encode() + body


def fire(port: int, requests: Sequence[bytes], clients: int = 16) -> Load:
    """Each client sends the next request as soon as it has its answer. Raises TimeoutError, ConnectionError."""
    load, waiting = Load(), iter(requests)
    with selectors.DefaultSelector() as selector:
        for _ in range(min(clients, len(requests))):
            selector.register(_Client(port), selectors.EVENT_READ)
        began = time.monotonic()
        for key in list(selector.get_map().values()):
            key.fileobj.send_next(waiting)  # type: ignore[union-attr]
        while selector.get_map():
            ready = selector.select(SILENT)
            if not ready:
                raise TimeoutError("the server is silent")
            for key, _ in ready:
                client = key.fileobj
                assert isinstance(client, _Client)
                status = client.read()
                if status is None:
                    continue
                load.took.append(time.monotonic() - client.sent)
                load.statuses[status] += 1
                if not client.send_next(waiting):
                    selector.unregister(client)
                    client.socket.close()
        load.seconds = time.monotonic() - began
    return load


class _Client:
    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sent = 0.0
        self._answer = b""

    def fileno(self) -> int:
        return self.socket.fileno()

    def send_next(self, waiting: object) -> bool:
        following: bytes | None = next(waiting, None)  # type: ignore[call-overload]
        if following is None:
            return False
        self.sent = time.monotonic()
        self.socket.sendall(following)
        return True

    def read(self) -> int | None:
        """The status, once the whole answer is here."""
        received = self.socket.recv(65536)
        if not received:
            raise ConnectionError("the server hung up")
        self._answer += received
        head, separator, body = self._answer.partition(b"\r\n\r\n")
        if not separator:
            return None
        length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
        if len(body) < length:
            return None
        self._answer = b""
        return int(head.split(b" ", 2)[1])
