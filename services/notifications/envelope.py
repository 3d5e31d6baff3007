"""A written letter as an Internet message: one recipient, plain text and HTML, nothing that begins a header."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from services.notifications.rendering import html_of


@dataclass(frozen=True, kw_only=True)
class Mail:
    """What the mail server gets: sender and recipient of the envelope, and the message."""

    letter_id: str
    bulk: bool
    doubtful: bool  # an earlier attempt may have arrived
    sender: tuple[str, str]
    name: str
    address: str
    language: str
    subject: str
    text: str
    message_id: str
    written_at: datetime

    def as_bytes(self) -> bytes:
        """The message with CRLF; texts in base64, so that no relay breaks a line."""
        message = EmailMessage(policy=SMTP)
        message["From"] = _address(*self.sender)
        message["To"] = _address(self.name, self.address)
        message["Subject"] = self.subject
        message["Date"] = format_datetime(self.written_at)
        message["Message-ID"] = self.message_id
        message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office answers
        message.set_content(self.text, cte="base64")
        message.add_alternative(html_of(self.text, self.subject, self.language), subtype="html", cte="base64")
        message["Content-Language"] = self.language
        return message.as_bytes()


def _address(name: str, address: str) -> Address:
    user, _, domain = address.rpartition("@")
    return Address(display_name=name, username=user, domain=domain)
