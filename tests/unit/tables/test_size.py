"""Many rows in flat memory, in and out, measured in processes of their own (`make bench` has 100,000 of them)."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROWS = 40_000  # kept in memory they would take more than twice what is allowed
_PREPARE = """
import json, re, sys, time
from pathlib import Path
import xlsxwriter
from shared.tables import Column, read_table, write_csv, write_xlsx

headers = ["会員番号", "氏名", *(f"欄{number}" for number in range(11))]
columns = (Column("number", ("会員番号",), required=True), Column("name", ("氏名",), required=True))
path, count = Path(sys.argv[1]), int(sys.argv[2])

def rows():
    for number in range(count):
        yield [f"M{number:06}", f"髙橋 {number}", *(f"所属 𠮷 {number} {column}" for column in range(11))]

def peak():  # MiB; not getrusage, whose peak begins with that of the process that started this one
    return int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) / 1024

before, started = peak(), time.monotonic()
"""
_WRITE_XLSX = "write_xlsx(headers, rows(), path)"
_WRITE_CSV = "with path.open('wb') as file: file.writelines(write_csv(headers, rows()))"
_WRITE_AS_EXCEL_DOES = """
with xlsxwriter.Workbook(str(path)) as book:  # texts shared among the cells
    page = book.add_worksheet()
    for number, row in enumerate([headers, *rows()]):
        page.write_row(number, 0, row)
"""
_READ = """
table = read_table(path, columns=columns)
read = sum(1 for _ in table)
assert not table.faults
"""
_TELL = """
figures = {"read": locals().get("read"), "growth": peak() - before, "seconds": time.monotonic() - started}
print(json.dumps(figures))
"""


def run(step: str, path: Path, count: int = ROWS) -> dict[str, float]:
    command = [sys.executable, "-c", _PREPARE + step + "\n" + _TELL, str(path), str(count)]
    done = subprocess.run(command, check=True, capture_output=True, timeout=300)
    figures: dict[str, float] = json.loads(done.stdout)
    print(figures)
    return figures


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "write", "written_flat"),
    [("a.csv", _WRITE_CSV, True), ("a.xlsx", _WRITE_XLSX, True), ("shared.xlsx", _WRITE_AS_EXCEL_DOES, False)],
)
def test_many_rows_take_little_memory_in_and_out(tmp_path: Path, name: str, write: str, written_flat: bool) -> None:
    written = run(write, tmp_path / name)
    if written_flat:
        assert written["growth"] < 20
    figures = run(_READ, tmp_path / name)
    assert figures["read"] == ROWS
    assert figures["growth"] < 40


def test_the_measure_sees_memory(tmp_path: Path) -> None:
    assert run("kept = list(rows())", tmp_path / "x", 20_000)["growth"] > 20


@pytest.mark.rule("S15")
def test_bombs_are_refused_in_little_memory(tmp_path: Path) -> None:
    program = """
import zipfile
from shared.errors import InvalidInput
with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
    for part in ("xl/workbook.xml", "_rels/.rels"):
        with archive.open(part, "w") as file:
            for _ in range(300):
                file.write(b" " * (1 << 20))
try:
    read_table(path, columns=columns)
except InvalidInput:
    read = -1
"""
    figures = run(program, tmp_path / "bomb.xlsx")
    assert figures["read"] == -1
    assert figures["growth"] < 40
