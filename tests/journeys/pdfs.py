"""PDFs as text."""

from __future__ import annotations

import re
import subprocess
import unicodedata


def text_of(pdf: bytes) -> str:
    """The words of a PDF without blanks, as pdftotext finds them."""
    assert pdf.startswith(b"%PDF"), pdf[:60]
    done = subprocess.run(["pdftotext", "-layout", "-", "-"], input=pdf, capture_output=True, check=True, timeout=60)
    return squeezed(done.stdout.decode())


def pages_of(pdf: bytes) -> tuple[int, float, float]:
    """How many, and how wide and high in millimetres."""
    done = subprocess.run(["pdfinfo", "-"], input=pdf, capture_output=True, check=True, timeout=60).stdout.decode()
    count = re.search(r"Pages:\s+(\d+)", done)
    size = re.search(r"Page size:\s+([\d.]+) x ([\d.]+) pts", done)
    assert count and size, done
    return int(count[1]), float(size[1]) * 25.4 / 72, float(size[2]) * 25.4 / 72


def squeezed(text: str) -> str:
    """Composed, and without blanks: a layout may break anywhere."""
    return re.sub(r"\s+", "", unicodedata.normalize("NFC", text))
