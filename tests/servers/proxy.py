"""A TCP proxy between us and a server. Each direction can be held, swallowed, slowed or watched; all can be cut."""

from __future__ import annotations

import asyncio
import socket
import struct
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit, urlunsplit

CHUNK = 65_536
LOOK = 0.01  # seconds between looks whether a held direction flows again


@dataclass
class Direction:
    """What happens to the bytes of one direction; may be changed at any moment, from any thread."""

    hold: bool = False  # keep everything back until it is False again
    room: int | None = None  # so many bytes still pass; then everything is kept back, also what is left of a chunk
    swallow: bool = False  # a black hole: the sender believes that they went out
    delay: float = 0.0  # seconds, for each chunk
    trips: Callable[[bytes], bool] | None = None  # true for a chunk: it is dropped and its connection reset

    async def passes(self, data: bytes) -> bool:
        """Waits as told; False for bytes that are to vanish. Raises ConnectionResetError."""
        if self.trips is not None and self.trips(data):
            raise ConnectionResetError
        if self.delay:
            await asyncio.sleep(self.delay)
        while self.hold:
            await asyncio.sleep(LOOK)
        return not self.swallow


class Proxy:
    """Listens on a free port of this machine. `requests`: towards the server; `replies`: back."""

    def __init__(self, host: str, port: int) -> None:
        self.requests, self.replies = Direction(), Direction()
        self.refuse = False
        self._target = (host, port)
        self._writers: set[asyncio.StreamWriter] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name=f"proxy before {port}", daemon=True)
        self._thread.start()
        self._server: asyncio.Server = self._do(asyncio.start_server(self._serve, "127.0.0.1", 0, backlog=200))
        self.port: int = self._server.sockets[0].getsockname()[1]

    @classmethod
    def before(cls, url: str) -> Proxy:
        """Before the server of an address."""
        parts = urlsplit(url)
        assert parts.hostname and parts.port, url
        return cls(parts.hostname, parts.port)

    def through(self, url: str) -> str:
        """The same address by way of this proxy."""
        parts = urlsplit(url)
        account, at, _ = parts.netloc.rpartition("@")
        return urlunsplit(parts._replace(netloc=f"{account}{at}127.0.0.1:{self.port}"))

    @property
    def connections(self) -> int:
        return len(self._writers) // 2

    def cut(self) -> None:
        """All connections end politely (FIN)."""
        self._do(self._end_all(rudely=False))

    def reset(self) -> None:
        """All connections end rudely (RST)."""
        self._do(self._end_all(rudely=True))

    def heal(self) -> None:
        """As if nothing had been; connections that were cut stay cut."""
        for direction in (self.requests, self.replies):
            direction.hold, direction.swallow, direction.delay, direction.trips = False, False, 0.0, None
            direction.room = None
        self.refuse = False

    def close(self) -> None:
        self.heal()
        self._do(self._stop_listening())
        self.cut()
        self._do(self._finish())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def __enter__(self) -> Proxy:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _do(self, work: Any) -> Any:
        done: Future[Any] = asyncio.run_coroutine_threadsafe(work, self._loop)
        return done.result(30)

    async def _stop_listening(self) -> None:
        self._server.close()  # on the loop's own thread, where connections end, too

    async def _serve(self, reader: asyncio.StreamReader, client: asyncio.StreamWriter) -> None:
        try:
            if self.refuse:
                raise ConnectionRefusedError
            from_server, server = await asyncio.open_connection(*self._target)
        except OSError:  # nobody there: the client must notice, as it would without us
            _end(client, rudely=True)
            return
        pair = {client, server}
        self._writers |= pair
        ways = [
            asyncio.ensure_future(_pump(reader, server, self.requests)),
            asyncio.ensure_future(_pump(from_server, client, self.replies)),
        ]
        try:
            done, _ = await asyncio.wait(ways, return_when=asyncio.FIRST_EXCEPTION)
            rudely = any(way.exception() is not None for way in done)
        finally:
            for way in ways:
                way.cancel()
        for writer in pair & self._writers:
            _end(writer, rudely=rudely)
        self._writers -= pair

    async def _end_all(self, *, rudely: bool) -> None:
        for writer in self._writers:
            _end(writer, rudely=rudely)
        self._writers = set()

    async def _finish(self) -> None:
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, direction: Direction) -> None:
    """Until the sender has said all. Raises OSError when the connection breaks, or is to be broken."""
    while data := await reader.read(CHUNK):
        if not await direction.passes(data):
            continue
        while direction.room is not None and data:
            now, direction.room = data[: direction.room], max(0, direction.room - len(data))
            data = data[len(now) :]
            writer.write(now)
            await asyncio.sleep(LOOK if data else 0)
        writer.write(data)
        await writer.drain()
    writer.write_eof()


def _end(writer: asyncio.StreamWriter, *, rudely: bool) -> None:
    if rudely and (ours := writer.get_extra_info("socket")) is not None:
        with suppress(OSError):  # closed already
            ours.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()
    else:
        writer.close()
