"""The previous release's code, unpacked beside this one: the last tag, or the commit that deploy/previous-release names
as long as there is none. A clone without its history does not have it: then its tests are missing, loudly."""

from __future__ import annotations

import atexit
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from functools import cache
from io import BytesIO
from pathlib import Path

from tests.servers.missing import missing

ROOT = Path(__file__).parents[2]
NAMED = ROOT / "deploy" / "previous-release"


@cache
def previous_release() -> Path:
    """The folder that holds it; gone when this process ends."""
    tag = _git("describe", "--tags", "--abbrev=0", "HEAD^")
    commit = tag.stdout.decode().strip() if tag.returncode == 0 else NAMED.read_text().strip()
    packed = _git("archive", "--format=tar", commit, "services", "shared", "deploy", "tests")
    if packed.returncode != 0:
        missing("previous release", f"{commit}: {packed.stderr.decode().strip()}")
    folder = Path(tempfile.mkdtemp(prefix="tsudoi-previous-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    with tarfile.open(fileobj=BytesIO(packed.stdout)) as archive:
        archive.extractall(folder, filter="data")
    folder.chmod(0o755)
    return folder


def command(script: str, *arguments: str) -> list[str]:
    return [sys.executable, "-c", script, *arguments]


def environment(tree: Path) -> dict[str, str]:
    """For a process of that release: its own modules come first."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TSUDOI_")}
    return {**kept, "PYTHONPATH": str(tree)}


def ask(tree: Path, script: str, told: str = "") -> str:
    """What a script of that release prints when it is told this."""
    done = subprocess.run(
        command(script), input=told, env=environment(tree), cwd=tree, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def _git(*arguments: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(["git", "-C", str(ROOT), *arguments], capture_output=True, timeout=120)
