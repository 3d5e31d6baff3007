"""What cards and certificates need of the web: where their QR leads, and the PDF as an answer."""

from __future__ import annotations

from flask import Response

from services.members.codes import known_code, shown_code
from services.members.models import CertificateRow
from services.members.papers import print_certificate, verification_address
from shared.web.access import reading, running_service, unit
from shared.web.pdf import answer_pdf


def qr_address(person_id: str, certificate_id: str | None = None) -> str | None:
    """None: the code was revoked. Nothing is written, and nobody is waited for, unless a code is still to be made."""
    settings = running_service().settings
    with reading() as uow:
        code = known_code(uow, settings.secrets, person_id, certificate_id)
    if code is None:
        with unit() as uow:
            code = shown_code(uow, settings.secrets, person_id, certificate_id)
    return verification_address(settings.public_url, code) if code else None


def certificate_pdf(row: CertificateRow) -> Response:
    """As it was issued."""
    return answer_pdf(
        print_certificate(row, address=qr_address(row.person_id, row.id) or ""), f"certificate-{row.number}"
    )
