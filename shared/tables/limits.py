"""How much of a file we are willing to read. Reaching a limit refuses the file, with the limit in the sentence."""

from __future__ import annotations

from dataclasses import dataclass

MEBI = 1024 * 1024


@dataclass(frozen=True)
class Limits:
    max_bytes: int = 50 * MEBI
    max_rows: int = 300_000
    max_cells: int = 12_000_000
    max_columns: int = 300
    max_cell_characters: int = 32_767  # Excel's own
    max_unpacked_bytes: int = 400 * MEBI
    max_ratio: int = 100  # of unpacked to packed; real sheets stay under 40
    max_entries: int = 2_000
    max_faults: int = 500
