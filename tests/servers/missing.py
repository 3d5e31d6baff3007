"""A server that cannot be had is a loud skip, named at the end of the run; on CI (CI=true) it is a failure."""

from __future__ import annotations

import os
from typing import NoReturn

import pytest

MARK = "SERVER MISSING"


def missing(server: str, why: str) -> NoReturn:
    text = f"{MARK}: {server}: {why}"
    if os.environ.get("CI", "").lower() in ("1", "true"):
        pytest.fail(text, pytrace=False)
    pytest.skip(text)


def summary(reporter: pytest.TerminalReporter) -> None:
    """Say at the end which servers were missing and how many tests that cost."""
    reasons: dict[str, int] = {}
    for report in reporter.stats.get("skipped", []):
        text = str(report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr)
        if MARK in text:
            reason = text[text.index(MARK) :]
            reasons[reason] = reasons.get(reason, 0) + 1
    if reasons:
        reporter.section("tests that did NOT run for want of a server", sep="!", red=True, bold=True)
        for reason, count in sorted(reasons.items()):
            reporter.line(f"{count} skipped: {reason}", red=True)
        reporter.line("`make test` as root on Debian installs what is missing; else see deploy/README.md.", red=True)
