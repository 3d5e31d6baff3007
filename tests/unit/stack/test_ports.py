"""Ports that are handed out are free, outside the kernel's own range, and given to nobody else meanwhile."""

from __future__ import annotations

import socket
from pathlib import Path

from deploy.stack.ports import answers, free_port, is_free


def test_ports_are_free_distinct_and_below_the_ephemeral_range() -> None:
    ports = [free_port() for _ in range(50)]
    assert len(set(ports)) == 50
    lowest = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    assert all(1024 < port < lowest for port in ports)


def test_a_port_where_somebody_listens_is_not_free() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", free_port()))
        listener.listen()
        port = listener.getsockname()[1]
        assert not is_free(port)
        assert answers(port)
    assert is_free(port)
    assert not answers(port)
