"""Settings of notifications: how mail leaves the house."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self
from urllib.parse import unquote, urlsplit

from shared.settings import Settings, SettingsWrong, setting

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
    def load(cls, service: str, environment: Mapping[str, str] | None = None) -> Self:
        wrong: list[str] = []
        loaded: Self | None = None
        try:
            loaded = super().load(service, environment)
        except SettingsWrong as error:
            wrong.append(str(error))
        if loaded is not None and loaded.broker and not loaded.smtp:
            wrong.append("TSUDOI_SMTP is not set: only onebox has a mailbox page, which is open to everybody")
        try:
            if loaded is not None and loaded.smtp:
                MailServer.parse(loaded.smtp)
        except ValueError as error:
            wrong.append(f"TSUDOI_SMTP: {error}")
        if loaded is None or wrong:
            raise SettingsWrong("\n".join(wrong))
        return loaded
