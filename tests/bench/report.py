"""How every bench speaks: one line of JSON with its own figure, the raw limit of the same run, and the ratio."""

from __future__ import annotations

import argparse
import json
from typing import Any


def size(default: int) -> int:
    """`--n N` from the command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--n", type=int, default=default)
    return int(parser.parse_args().n)


def tell(bench: str, n: int, ours: float, unit: str, straight: float | None, **more: Any) -> None:
    """`ratio` is ours / straight: of times, smaller is better; of rates, larger."""
    ratio = round(ours / straight, 3) if straight else None
    line = {
        "bench": bench,
        "n": n,
        "ours": round(ours, 4),
        "unit": unit,
        "straight": straight and round(straight, 4),
        "ratio": ratio,
    }
    print(json.dumps({**line, **more}), flush=True)


def percentile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]
