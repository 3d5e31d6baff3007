"""QR codes as inline SVG, for pages and papers."""

from __future__ import annotations

import segno


def qr(address: str, *, title: str | None = None) -> str:
    """Without size or style; dark on nothing, so it needs a white ground."""
    code = segno.make(address, error="m", micro=False)
    return code.svg_inline(omitsize=True, border=2, title=title, svgclass="qr", lineclass=None)
