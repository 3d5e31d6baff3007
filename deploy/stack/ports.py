"""Free ports on 127.0.0.1, below the range from which the kernel takes ports for outgoing connections.

A port that was handed out is claimed by a small file for two minutes, so that two stacks that start at the same time
do not choose the same one before either listens on it."""

from __future__ import annotations

import os
import random
import socket
import tempfile
import time
from pathlib import Path

from deploy.stack.errors import StackError

LOWEST, HIGHEST = 20_000, 32_000
CLAIM_SECONDS = 120


def free_port() -> int:
    """A port that nobody listens on and that nobody else was given lately."""
    for _ in range(500):
        port = random.randrange(LOWEST, HIGHEST)
        if is_free(port) and _claim(port):
            return port
    raise StackError(f"no free port between {LOWEST} and {HIGHEST}")


def is_free(port: int) -> bool:
    """Whether a server could listen on this port of 127.0.0.1 now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def answers(port: int, seconds: float = 1.0) -> bool:
    """Whether somebody accepts connections on this port of 127.0.0.1."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=seconds):
            return True
    except OSError:
        return False


def _claim(port: int) -> bool:
    folder = Path(tempfile.gettempdir()) / f"tsudoi-ports-{os.geteuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    claim = folder / str(port)
    try:
        claim.touch(exist_ok=False)
    except FileExistsError:
        try:
            if time.time() - claim.stat().st_mtime < CLAIM_SECONDS:
                return False
            claim.touch()
        except FileNotFoundError:
            return False
    return True
