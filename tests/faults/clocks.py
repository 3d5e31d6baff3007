"""Processes whose machine tells a wrong time (faketime), beside those of a stack."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from deploy.stack.processes import Process
from deploy.stack.stack import Stack
from tests.servers.missing import missing


def wrong(by: str, *, file: Path | None = None) -> dict[str, str]:
    """Settings for a process whose clock is wrong by so much ("+1h", "-1d"); with a file, by whatever stands in it."""
    library = next(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"), None)
    if library is None:
        missing("faketime", "libfaketime.so.1 is not there (Debian: faketime)")
    env = {"LD_PRELOAD": str(library), "FAKETIME_DONT_FAKE_MONOTONIC": "1", "FAKETIME_NO_CACHE": "1"}
    env["NO_FAKE_STAT"] = "1"  # gunicorn keeps monotonic times in the dates of files
    if file is None:
        return {**env, "FAKETIME": by}
    file.write_text(by)
    return {**env, "FAKETIME_TIMESTAMP_FILE": str(file)}


@contextmanager
def another(stack: Stack, kind: str, service: str, env: Mapping[str, str] | None = None) -> Iterator[Process]:
    """One more process of a service, as on another machine."""
    process = stack.programs.process(f"{kind}-{service}", {"TSUDOI_METRICS_PORT": "0", **(env or {})})
    process.start()
    try:
        process.wait_ready(lambda: process.talks_to(stack.state.ports["postgres"]), 60)
        yield process
    finally:
        process.stop()
