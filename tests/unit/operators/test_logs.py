"""The log on a disk that is full."""

from __future__ import annotations

import io

import structlog

from shared.observe import set_up_logs


def test_a_full_disk_costs_lines_of_the_log_and_nothing_else() -> None:
    known = structlog.get_config()
    with open("/dev/full", "wb", buffering=0) as disk:
        full = io.TextIOWrapper(disk, write_through=True)
        try:
            set_up_logs(full)
            for _ in range(3):
                structlog.get_logger().info("request", path="x" * 10_000)
        finally:
            structlog.configure(**known)
            full.detach()
