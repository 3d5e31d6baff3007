"""PDFs: text stays text, names are drawn, the same data gives the same bytes, threads don't mix documents up."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psutil
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared import clock
from shared.documents import render_pdf, render_png

_INVOICE = Path(__file__).parent / "invoice.typ"
_MOMENT = datetime(2026, 11, 21, 0, 30, tzinfo=UTC)


def invoice(addressee: str = "髙橋 花子", *, lines: int = 5, number: int = 0) -> dict[str, Any]:
    rows = [{"text": f"年会費 {number + row}", "amount": f"{12_000 + row:,}"} for row in range(lines)]
    return {"title": "請求書", "addressee": addressee, "lines": rows, "total": f"{number:,}"}


def text_of(pdf: bytes, folder: Path) -> str:
    path = folder / "document.pdf"
    path.write_bytes(pdf)
    return subprocess.run(
        ["pdftotext", "-layout", str(path), "-"], check=True, capture_output=True, timeout=60
    ).stdout.decode()


@pytest.mark.rule("B14")
@pytest.mark.parametrize(
    ("name", "printed"),
    [
        ("김민수", "〓〓〓"),
        ("Anna 😀", "Anna 〓"),
        ("Rene\u0301", "René"),
        ("\ufa19田", "\ufa19田"),
        ("葛\U000e0100城", "葛"),
        ("山\x9a田", "山田"),
        ("สมชาย", "〓〓〓〓〓"),
    ],
)
def test_a_name_that_the_fonts_lack_is_printed_with_a_sign(tmp_path: Path, name: str, printed: str) -> None:
    assert printed in text_of(render_pdf(_INVOICE, invoice(name)), tmp_path)


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=40))
def test_whatever_is_written_can_be_printed(text: str) -> None:
    assert render_pdf(_INVOICE, invoice(text)).startswith(b"%PDF")


def test_names_are_drawn_from_the_packaged_fonts_only(tmp_path: Path) -> None:
    pdf = render_pdf(_INVOICE, invoice("髙橋 山﨑 𠮷田 ㈱①"))
    assert "髙橋 山﨑 𠮷田 ㈱① 様" in text_of(pdf, tmp_path)
    fonts = subprocess.run(
        ["pdffonts", str(tmp_path / "document.pdf")], check=True, capture_output=True, timeout=60
    ).stdout
    names = [line.split()[0] for line in fonts.decode().splitlines()[2:]]
    assert names
    assert all(re.fullmatch(r"[A-Z]{6}\+NotoSansJP-Regular.*", name) for name in names)


@pytest.mark.rule("S18")
@pytest.mark.parametrize(
    "evil",
    [
        '#eval("1+1")',
        "#panic()",
        '#read("/etc/passwd")',
        '"] #link("http://127.0.0.1")[x]',
        "*bold* $x^2$ `code` <label> @ref",
        "\\u{41} // comment /* more */",
        "= heading",
        "{{x}} <script>alert(1)</script>",
    ],
)
def test_what_people_type_is_never_markup(tmp_path: Path, evil: str) -> None:
    pdf = render_pdf(_INVOICE, invoice(evil))
    assert evil.split()[0] in text_of(pdf, tmp_path)
    assert not re.search(rb"/JS\b|/JavaScript|/Launch|/EmbeddedFile|/URI", pdf)


def test_the_same_data_and_moment_give_the_same_bytes() -> None:
    first = render_pdf(_INVOICE, invoice(), timestamp=_MOMENT)
    render_pdf(_INVOICE, invoice("別人"), timestamp=_MOMENT)
    assert render_pdf(_INVOICE, invoice(), timestamp=_MOMENT) == first
    assert render_pdf(_INVOICE, invoice(), timestamp=_MOMENT + timedelta(days=1)) != first


def test_a_document_is_dated_by_our_clock(tmp_path: Path) -> None:
    with clock.travel(to=datetime(2031, 2, 3, tzinfo=UTC)):
        text_of(render_pdf(_INVOICE, invoice()), tmp_path)
    info = subprocess.run(
        ["pdfinfo", "-isodates", str(tmp_path / "document.pdf")], check=True, capture_output=True, timeout=60
    ).stdout.decode()
    assert re.search(r"CreationDate:\s+2031-02-03", info)


def test_it_says_that_it_is_pdf_a_3b() -> None:
    pdf = render_pdf(_INVOICE, invoice())
    assert re.search(rb"<pdfaid:part>3</pdfaid:part>\s*<pdfaid:conformance>B", pdf)


def test_threads_do_not_mix_documents_up(tmp_path: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        pdfs = list(pool.map(lambda number: render_pdf(_INVOICE, invoice(f"第{number}会員", number=number)), range(24)))
    for number, pdf in enumerate(pdfs):
        assert f"第{number}会員 様" in text_of(pdf, tmp_path)


def test_pictures_have_a_page_each() -> None:
    assert len(render_png(_INVOICE, invoice())) == 1
    pages = render_png(_INVOICE, invoice(lines=80), ppi=40)
    assert len(pages) > 1
    assert all(page.startswith(b"\x89PNG") for page in pages)


def test_a_process_prints_100_invoices_a_second_in_flat_memory() -> None:
    process = psutil.Process()
    for number in range(100):
        render_pdf(_INVOICE, invoice(number=number))
    before, started = process.memory_info().rss, time.process_time()
    for number in range(400):
        render_pdf(_INVOICE, invoice(f"会員{number}", number=number))
    assert 400 / (time.process_time() - started) > 100
    assert process.memory_info().rss - before < 20 << 20


_FORKS = """
import os, sys
from pathlib import Path
from shared.documents import PrintedBeforeFork, render_pdf

template, early = Path(sys.argv[1]), sys.argv[2] == "early"
data = {"title": "t", "addressee": "a", "lines": [], "total": "1"}
if early:
    render_pdf(template, data)
child = os.fork()
if child == 0:
    try:
        render_pdf(template, data)
        os._exit(0)
    except PrintedBeforeFork:
        os._exit(7)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


@pytest.mark.parametrize(("when", "expected"), [("late", 0), ("early", 7)])
def test_forked_workers_print_unless_their_parent_did(when: str, expected: int) -> None:
    command = [sys.executable, "-c", _FORKS, str(_INVOICE), when]
    assert subprocess.run(command, check=False, timeout=60).returncode == expected
