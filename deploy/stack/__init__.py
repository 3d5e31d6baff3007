"""`tsudoi stack up|down|status|roll`: everything on this machine, on free ports, with its own data folder."""

from __future__ import annotations

from collections.abc import Sequence


def main(argv: Sequence[str]) -> int:
    from deploy.stack.command import main as run

    return run(argv)
