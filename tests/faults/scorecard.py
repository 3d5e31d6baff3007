"""The campaign as a whole: which rows of the catalogue of failures were put to the test, and the table at the end.

Under `--campaign` (`make faults`) all runs at full depth, and each row must be there; otherwise the short set."""

from __future__ import annotations

import json
import os
import statistics
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROWS = tuple(f"{part}{n}" for part, last in (("A", 22), ("B", 9), ("C", 8)) for n in range(1, last + 1))
FOLDER = Path("artefacts/faults")
SEED = int(os.environ.get("TSUDOI_FAULT_SEED", "20261121"))
HEAD = ("row", "tests", "injected", "survived", "lost", "doubled", "recovery s (median, worst)")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--campaign", action="store_true", help="faults at full depth, and a complete scorecard")


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(_Scorecard(config), "scorecard")


def pytest_report_header() -> str:
    return f"faults: TSUDOI_FAULT_SEED={SEED}"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        wrong = {mark.args[0] for mark in item.iter_markers("row")} - set(ROWS)
        if wrong:
            raise pytest.UsageError(f"{item.nodeid}: no such row: {wrong}")
    if not config.getoption("campaign"):
        kept = [item for item in items if item.get_closest_marker("campaign") is None]
        config.hook.pytest_deselected(items=[item for item in items if item not in set(kept)])
        items[:] = kept


@pytest.fixture(scope="session")
def seed() -> int:
    """Of all that is chosen by chance; printed, and repeatable with TSUDOI_FAULT_SEED."""
    print(f"TSUDOI_FAULT_SEED={SEED}")
    return SEED


@pytest.fixture(scope="session")
def campaign(pytestconfig: pytest.Config) -> bool:
    """Whether there is time for full depth."""
    return bool(pytestconfig.getoption("campaign"))


@pytest.fixture
def score(request: pytest.FixtureRequest) -> Iterator[Any]:
    """Of one test."""
    from tests.faults.score import Score

    found = Score()
    yield found
    request.node.user_properties.append(("score", found.as_dict()))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    rows = [mark.args[0] for mark in item.iter_markers("row")]
    if item.get_closest_marker("guard"):
        rows = []  # a control shows that a test can fail; it survives nothing
    if rows and ("rows", rows) not in item.user_properties:
        item.user_properties.append(("rows", rows))
    return (yield)


class _Scorecard:
    """Collects in the process that began the run; the reports of all others arrive there."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._passed: dict[str, bool] = {}
        self._properties: dict[str, dict[str, Any]] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        properties = dict(report.user_properties)
        made = report.when == "call" or report.failed or report.nodeid in self._passed  # the score comes with the end
        if "rows" in properties and made and not report.skipped:
            self._passed[report.nodeid] = self._passed.get(report.nodeid, True) and report.passed
            self._properties[report.nodeid] = properties
        reporter: Any = self._config.pluginmanager.get_plugin("terminalreporter")
        if report.failed and self._config.getoption("campaign") and reporter:
            reporter.ensure_newline()  # the end, which says it again, may be an hour away
            reporter.line(f"{report.longreprtext}\n{report.capstdout[-4000:]}")

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if self._missing() and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if not self._passed or hasattr(self._config, "workerinput"):
            return
        lines = [self._line(row) for row in ROWS if self._tests(row)]
        terminalreporter.section(f"scorecard, TSUDOI_FAULT_SEED={SEED}")
        for line in table(lines):
            terminalreporter.line(line)
        terminalreporter.line(f"{len(lines)} of {len(ROWS)} rows")
        if missing := self._missing():
            terminalreporter.line(f"MISSING: {', '.join(missing)}", red=True)
        if self._config.getoption("campaign") and len(lines) == len(ROWS):
            FOLDER.mkdir(parents=True, exist_ok=True)
            (FOLDER / "scorecard.md").write_text("\n".join(table(lines)) + "\n")
            (FOLDER / "scorecard.json").write_text(json.dumps({"seed": SEED, "rows": lines}, indent=1) + "\n")

    def _tests(self, row: str) -> list[str]:
        return [id for id, properties in self._properties.items() if row in properties["rows"]]

    def _missing(self) -> list[str]:
        """Only a whole campaign must be complete."""
        config = self._config
        chosen = config.getoption("keyword") or config.getoption("markexpr") or any(".py" in a for a in config.args)
        if not config.getoption("campaign") or chosen or hasattr(config, "workerinput"):
            return []
        return [row for row in ROWS if not self._tests(row)]

    def _line(self, row: str) -> dict[str, Any]:
        tests = self._tests(row)
        scores = {id: self._properties[id].get("score", {}) for id in tests}
        faults = {id: max(1, score.get("faults", 1)) for id, score in scores.items()}
        recovery = [seconds for score in scores.values() for seconds in score.get("recovery", [])]
        return {
            "row": row,
            "tests": len(tests),
            "injected": sum(faults.values()),
            "survived": sum(count for id, count in faults.items() if self._passed[id]),
            "lost": sum(score.get("lost", 0) for score in scores.values()),
            "doubled": sum(score.get("doubled", 0) for score in scores.values()),
            "recovery": [statistics.median(recovery), max(recovery)] if recovery else [],
        }


def table(lines: list[dict[str, Any]]) -> list[str]:
    """As Markdown."""
    shown = [HEAD, tuple("---" for _ in HEAD)]
    for line in lines:
        recovery = ", ".join(f"{seconds:.1f}" for seconds in line["recovery"]) or "–"
        shown.append(
            (*(str(line[name]) for name in ("row", "tests", "injected", "survived", "lost", "doubled")), recovery)
        )
    return ["| " + " | ".join(cells) + " |" for cells in shown]
