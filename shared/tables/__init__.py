"""Tables in and out: rosters, payment lists and exports as CSV or XLSX.

Reading never trusts the file (limits, zip bombs, XML entities, formulas) and keeps memory flat; see `read_table`.
Writing streams and guards against formulas in cells; see `write_csv` and `write_xlsx`.
"""

from __future__ import annotations

from shared.tables.columns import Column
from shared.tables.reading import Table, read_table
from shared.tables.writing import CSV_ENCODINGS, Sheet, write_csv, write_sheets, write_xlsx

__all__ = ["CSV_ENCODINGS", "Column", "Sheet", "Table", "read_table", "write_csv", "write_sheets", "write_xlsx"]
