"""Settings of notifications: how mail leaves the house."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import unquote, urlsplit

from shared.settings import Settings, setting

_PORTS = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}


@dataclass(frozen=True)
class MailServer:
    """Where letters are handed over."""

    scheme: str  # smtp | smtp+starttls | smtps
    host: str
    port: int
    user: str = ""
    password: str = ""

    @classmethod
    def parse(cls, url: str) -> Self:
        """Raises ValueError with what is wrong."""
        parts = urlsplit(url)
        if parts.scheme not in _PORTS or not parts.hostname or parts.path not in ("", "/"):
            raise ValueError("not of the form smtp://host:port (or smtp+starttls://user:password@host:port, smtps://…)")
        port = parts.port or _PORTS[parts.scheme]
        return cls(parts.scheme, parts.hostname, port, unquote(parts.username or ""), unquote(parts.password or ""))


@dataclass(frozen=True, kw_only=True)
class NotificationsSettings(Settings):
    """What notifications needs beside the common settings."""

    smtp: str = setting(
        "TSUDOI_SMTP", "", secret=True, doc="smtp://host:port of the mail server; empty: in-app mailbox"
    )
    smtp_timeout: int = setting("TSUDOI_SMTP_TIMEOUT", 20, doc="seconds to wait for each answer of the mail server")

    @property
    def mail_server(self) -> MailServer | None:
        """None: letters go to the in-app mailbox."""
        return MailServer.parse(self.smtp) if self.smtp else None

    @classmethod
    def mistakes(cls, values: Mapping[str, Any]) -> Iterator[str]:
        yield from super().mistakes(values)
        if values.get("broker") and not values.get("smtp"):
            yield "TSUDOI_SMTP is not set: only onebox has a mailbox page, which is open to everybody"
        try:
            if values.get("smtp"):
                MailServer.parse(values["smtp"])
        except ValueError as error:
            yield f"TSUDOI_SMTP: {error}"
