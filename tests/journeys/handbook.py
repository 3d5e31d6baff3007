"""Renews the handbooks' pictures from what the journeys saw last: `python -m tests.journeys.handbook [FOLDER]`.

Pages name their pictures as the journeys call them (`window.shot("14-member")`); here they become small enough."""

from __future__ import annotations

import io
import sys
from pathlib import Path

from PIL import Image

from tests.handbooks import LARGEST, ROOT, pictures

ARTEFACTS = ROOT / "artefacts" / "journeys"
WIDEST = 1200  # pixels
COLOURS = (256, 128, 64, 32)  # the first that makes it small enough


def main() -> int:
    seen = Path(sys.argv[1]) if len(sys.argv) > 1 else ARTEFACTS
    missing = 0
    for picture, page in pictures().items():
        kept = sorted(seen.glob(f"*/{picture.name}"), key=lambda file: file.stat().st_mtime)
        if kept:
            picture.parent.mkdir(parents=True, exist_ok=True)
            picture.write_bytes(reduced(kept[-1]))
        else:
            missing += 1
            print(f"{picture.name}: no journey has left it in {seen} (named in {page.relative_to(ROOT)})")
    print(f"{len(pictures()) - missing} pictures renewed, {missing} missing")
    return 1 if missing else 0


def reduced(file: Path) -> bytes:
    """A PNG with a palette, not wider than a page."""
    with Image.open(file) as opened:
        image = opened.convert("RGB")
    if image.width > WIDEST:
        image = image.resize((WIDEST, round(image.height * WIDEST / image.width)), Image.Resampling.LANCZOS)
    for colours in COLOURS:
        small = io.BytesIO()
        image.quantize(colours, dither=Image.Dither.NONE).save(small, "PNG", optimize=True)
        if small.tell() <= LARGEST:
            break
    return small.getvalue()


if __name__ == "__main__":
    sys.exit(main())
