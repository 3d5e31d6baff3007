"""Files stay small enough to be read in one sitting: median ≤ 100 lines, none above 400."""

from __future__ import annotations

import statistics
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def source_files() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "*.py"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    return [ROOT / name for name in listed if "migrations" not in name.split("/") and (ROOT / name).exists()]


def lines(path: Path) -> int:
    return len(path.read_text().splitlines())


@pytest.mark.parametrize("path", source_files(), ids=lambda path: str(path.relative_to(ROOT)))
def test_no_file_is_above_400_lines(path: Path) -> None:
    assert lines(path) <= 400


def test_the_median_is_at_most_100_lines() -> None:
    ours = [
        lines(p)
        for p in source_files()
        if p.stat().st_size and p.relative_to(ROOT).parts[0] in ("services", "shared", "deploy")
    ]
    assert statistics.median(ours) <= 100


def test_there_are_no_drawers() -> None:
    drawers = {"utils", "util", "helpers", "common", "misc", "base_utils", "lib"}
    assert not [p for p in source_files() if p.stem in drawers or p.parent.name in drawers]
