"""PDFs as answers."""

from __future__ import annotations

from flask import Response, request

from shared.web.i18n import LANGUAGES, language


def answer_pdf(pdf: bytes, name: str) -> Response:
    """A file to keep. As an attachment: a viewer that asks twice would make a receipt a re-issued one."""
    answer = Response(pdf, mimetype="application/pdf")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}.pdf"'
    answer.headers["Cache-Control"] = "no-store, private"
    return answer


def paper_language() -> str:
    """`?in=en`, else the reader's language."""
    wanted = request.args.get("in", "")
    return wanted if wanted in LANGUAGES else language()
