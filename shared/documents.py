"""PDF documents through typst: layouts are files of ours, data comes beside them as JSON and can never become markup.

A layout reads its data with `#let data = json(bytes(sys.inputs.data))`, and may import what papers of all services have
in common: `#import "/shared/papers/paper.typ": *`. Fonts: Noto Sans JP and Noto Serif JP, no
others, so that a document looks the same on every machine.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import typst

from shared import clock
from shared.printable import FONTS, printable

FONT_SANS = "Noto Sans JP"
FONT_SERIF = "Noto Serif JP"
_RECYCLE_AFTER = 5_000
_PLATFORM = Path(__file__).parents[1]  # below it are the layouts of the services, and what they share


@dataclass
class _Press:
    """One layout's compiler, kept, since compiling a layout anew costs more than setting a document."""

    template: Path
    lock: threading.Lock = field(default_factory=threading.Lock)
    compiler: typst.Compiler | None = None
    printed: int = 0

    def compile(self, data: Mapping[str, Any], **options: Any) -> Any:
        inputs = {"data": json.dumps(printable(data), ensure_ascii=False)}
        with self.lock:
            if self.compiler is None or self.printed >= _RECYCLE_AFTER:
                root = _PLATFORM if self.template.is_relative_to(_PLATFORM) else self.template.parent
                self.compiler = typst.Compiler(self.template, root=root, font_paths=_fonts())
                self.printed = 0
            self.printed += 1
            return self.compiler.compile(sys_inputs=inputs, **options)


class PrintedBeforeFork(RuntimeError):
    """This process was forked from one that had already printed. typst's threads do not survive that: it would hang."""


_presses: dict[Path, _Press] = {}
_guard = threading.Lock()
_dead = False


def _after_fork() -> None:
    global _guard, _dead
    _guard = threading.Lock()
    _dead = _dead or bool(_presses)


os.register_at_fork(after_in_child=_after_fork)


def render_pdf(template: Path, data: Mapping[str, Any], *, timestamp: datetime | None = None) -> bytes:
    """A PDF/A-3b. The same template, data and timestamp (aware; default: now by our clock) give the same bytes.

    `data` must be JSON-able: money as int or formatted text, dates as text. Safe to call from several threads, and in
    forked workers as long as the process that forks them has printed nothing (else PrintedBeforeFork)."""
    pdf: bytes = _press(template).compile(
        data, format="pdf", pdf_standards=["a-3b"], timestamp=int((timestamp or clock.now()).timestamp())
    )
    return pdf


def render_png(template: Path, data: Mapping[str, Any], *, ppi: float = 96) -> list[bytes]:
    """The same document as pictures, one a page: for previews and for looking at in tests."""
    pages: bytes | list[bytes] = _press(template).compile(data, format="png", ppi=ppi)
    return pages if isinstance(pages, list) else [pages]


def _press(template: Path) -> _Press:
    if _dead:
        raise PrintedBeforeFork("print documents only after the workers are forked")
    with _guard:
        return _presses.setdefault(template, _Press(template))


def _fonts() -> typst.Fonts:
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[FONTS])
