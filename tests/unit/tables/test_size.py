"""100,000 rows in flat memory, in and out: measured in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

_PROGRAM = """
import json, resource, sys, time
from pathlib import Path
from shared.tables import Column, read_table, write_csv, write_xlsx

headers = ["会員番号", "氏名", *(f"欄{number}" for number in range(11))]
columns = (Column("number", ("会員番号",), required=True), Column("name", ("氏名",), required=True))

def rows(count):
    for number in range(count):
        yield [f"M{number:06}", f"髙橋 {number}", *(f"所属 𠮷 {number} {column}" for column in range(11))]

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

folder, kind, count = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
path = folder / f"roster.{kind}"
before, started = peak(), time.monotonic()
if kind == "xlsx":
    write_xlsx(headers, rows(count), path)
else:
    with path.open("wb") as file:
        file.writelines(write_csv(headers, rows(count)))
written = time.monotonic()
table = read_table(path, columns=columns)
read = sum(1 for _ in table)
print(json.dumps({"read": read, "faults": len(table.faults), "growth": peak() - before,
                  "write_s": written - started, "read_s": time.monotonic() - written}))
"""


@pytest.mark.parametrize("kind", ["xlsx", "csv"])
def test_100_000_rows_take_little_memory_in_and_out(tmp_path: Path, kind: str) -> None:
    command = [sys.executable, "-c", _PROGRAM, str(tmp_path), kind, "100000"]
    figures = json.loads(subprocess.run(command, check=True, capture_output=True, timeout=300).stdout)
    print(kind, figures)
    assert (figures["read"], figures["faults"]) == (100_000, 0)
    assert figures["growth"] < 40  # MiB
