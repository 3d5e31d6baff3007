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


def squeezed(text: str) -> str:
    """Composed, and without blanks: a layout may break anywhere."""
    return re.sub(r"\s+", "", unicodedata.normalize("NFC", text))
