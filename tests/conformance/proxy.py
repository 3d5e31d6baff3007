"""A TCP proxy between us and a server, which can hold back replies, swallow requests, and cut."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from urllib.parse import urlsplit, urlunsplit


class Proxy:
    """`url` is the server's address through the proxy."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._target = (parts.hostname or "127.0.0.1", parts.port or 5672)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = urlunsplit(
            parts._replace(netloc=f"{parts.username}:{parts.password}@127.0.0.1:{self._listener.getsockname()[1]}")
        )
        self.replies_flow = threading.Event()
        self.replies_flow.set()
        self.swallow_requests = False
        self.refuse = False
        self._sockets: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            if self.refuse:
                client.close()
                continue
            server = socket.create_connection(self._target)
            self._sockets += [client, server]
            threading.Thread(target=self._pump, args=(client, server, True), daemon=True).start()
            threading.Thread(target=self._pump, args=(server, client, False), daemon=True).start()

    def _pump(self, source: socket.socket, target: socket.socket, requests: bool) -> None:
        try:
            while data := source.recv(65536):
                if not requests:
                    self.replies_flow.wait()
                if not (requests and self.swallow_requests):
                    target.sendall(data)
        except OSError:
            pass
        finally:
            for each in (source, target):
                each.close()

    def cut(self) -> None:
        """All connections end at once."""
        for each in self._sockets:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        self._sockets = []

    def close(self) -> None:
        self.replies_flow.set()
        self._listener.close()
        self.cut()
