"""Invoices as PDF, one process. Straight: typst itself, one compiler kept, a bare page with the same facts."""

from __future__ import annotations

import json
import tempfile
import time
from pathlib import Path
from typing import Any

import pylopdf_fonts_jp
import typst

from services.billing import papers
from tests.bench import report

BARE = """#let data = json(bytes(sys.inputs.data))
#set text(font: "Noto Sans JP")
= 請求書 #data.number
#data.addressee.name 様 #data.society.name
#table(columns: 2, ..data.lines.map(l => (l.title, str(l.amount))).flatten())
"""


def main() -> None:
    n = report.size(500)
    facts = [invoice(i) for i in range(n)]
    papers.print_invoice(facts[0], "ja", pay_at="http://127.0.0.1/")  # fonts are read once a process
    began = time.monotonic()
    for each in facts:
        assert papers.print_invoice(each, "ja", pay_at="http://127.0.0.1/").startswith(b"%PDF")
    ours = n / (time.monotonic() - began)
    report.tell("pdf", n, ours, "invoices/s", straight(facts))


def straight(facts: list[dict[str, Any]]) -> float:
    with tempfile.TemporaryDirectory() as folder:
        template = Path(folder) / "bare.typ"
        template.write_text(BARE)
        fonts = typst.Fonts(
            include_system_fonts=False,
            include_embedded_fonts=False,
            font_paths=[Path(pylopdf_fonts_jp.sans_path()).parent],
        )
        compiler = typst.Compiler(template, font_paths=fonts)
        compiler.compile(format="pdf", sys_inputs={"data": json.dumps(facts[0])})
        began = time.monotonic()
        for each in facts:
            compiler.compile(format="pdf", sys_inputs={"data": json.dumps(each)})
        return len(facts) / (time.monotonic() - began)


def invoice(i: int) -> dict[str, Any]:
    """As `papers.invoice_facts` gathers them."""
    return {
        "number": f"2026-{i:06d}",
        "issued_on": "2026-11-21",
        "due_on": "2027-03-31",
        "title": "2026年度年会費",
        "title_en": "Annual fee 2026",
        "society": {
            "name": "計測学会",
            "name_en": "Bench Society",
            "address": "東京都",
            "phone": "",
            "email": "a@b.example",
            "registration_number": None,
        },
        "addressee": {
            "name": f"髙橋 {i}",
            "name_en": f"Takahashi {i}",
            "number": f"M{i}",
            "affiliation": "",
            "postcode": "",
            "address": "",
            "corporate": False,
        },
        "period": ["2026-04-01", "2027-03-31"],
        "lines": [
            {
                "title": "正会員年会費",
                "title_en": "Annual fee",
                "amount": 10_000,
                "tax_class": "out_of_scope",
                "fiscal_year": 2026,
            }
        ],
        "rates": [{"tax_class": "out_of_scope", "total": 10_000, "tax": 0, "percent": 0}],
        "total": 10_000,
    }


if __name__ == "__main__":
    main()
