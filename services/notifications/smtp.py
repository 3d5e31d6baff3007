"""Handing one letter after the other to a mail server over one connection, and what became of each."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum

from services.notifications.envelope import Mail
from services.notifications.settings import MailServer

NO_SUCH_MAILBOX = (550, 551, 553)


class Fate(Enum):
    """What became of a letter."""

    SENT = "sent"  # the server took it over
    LATER = "later"  # the server asked to come again, or broke off before the end
    BOUNCED = "bounced"  # no such mailbox
    REFUSED = "refused"  # the server will never take this letter
    UNKNOWN = "unknown"  # all of it was handed over, but the answer never came (RFC 1047)
    UNREACHABLE = "unreachable"  # there is no server to talk to: not this letter's fault


@dataclass(frozen=True)
class Outcome:
    """A fate, and the server's own words."""

    fate: Fate
    words: str


class SmtpConnection:
    """A connection that is opened when first needed, used for many letters, and opened anew after trouble."""

    def __init__(self, server: MailServer, timeout: float) -> None:
        self._server = server
        self._timeout = timeout
        self._open: smtplib.SMTP | None = None

    def deliver(self, mail: Mail) -> Outcome:
        """Hand one letter over. Never raises for what a server or network may do."""
        try:
            content = mail.as_bytes()
        except ValueError as error:  # what the header rules of the e-mail package refuse
            return Outcome(Fate.REFUSED, _words_of(error))
        try:
            connection = self._connected()
        except (OSError, smtplib.SMTPException) as error:
            self.close()
            return Outcome(Fate.UNREACHABLE, _words_of(error))
        try:
            return self._hand_over(connection, mail, content)
        except (OSError, smtplib.SMTPException) as error:  # before the final dot: nothing was taken over
            self.close()
            return Outcome(Fate.LATER, _words_of(error))

    def close(self) -> None:
        """Hang up, politely if the server still listens."""
        connection, self._open = self._open, None
        if connection is not None:
            with suppress(OSError, smtplib.SMTPException):
                if connection.sock is not None:
                    connection.sock.settimeout(2)
                connection.quit()
            connection.close()

    def _connected(self) -> smtplib.SMTP:
        """The open connection if it still answers, otherwise a new one."""
        if self._open is not None:
            with suppress(OSError, smtplib.SMTPException):
                if self._open.rset()[0] == 250:
                    return self._open
            self.close()
        self._open = self._connect()
        return self._open

    def _connect(self) -> smtplib.SMTP:
        server, context = self._server, ssl.create_default_context()
        connection: smtplib.SMTP
        if server.scheme == "smtps":
            connection = smtplib.SMTP_SSL(server.host, server.port, "tsudoi", timeout=self._timeout, context=context)
        else:
            connection = smtplib.SMTP(server.host, server.port, "tsudoi", timeout=self._timeout)
        try:
            connection.ehlo_or_helo_if_needed()
            if server.scheme == "smtp+starttls":
                connection.starttls(context=context)
            if server.user:
                connection.login(server.user, server.password)
        except (OSError, smtplib.SMTPException):
            connection.close()
            raise
        return connection

    def _hand_over(self, connection: smtplib.SMTP, mail: Mail, content: bytes) -> Outcome:
        steps: tuple[Callable[[], tuple[int, bytes]], ...] = (
            lambda: connection.mail(mail.sender[1]),
            lambda: connection.rcpt(mail.address),
            lambda: connection.docmd("DATA"),
        )
        for step, expected in zip(steps, (250, 250, 354), strict=True):
            code, words = step()
            if code != expected and not (expected == 250 and code == 251):
                return self._judge(code, words, about_sender=step is steps[0])
        connection.send(_dotted(content))
        try:
            code, words = connection.getreply()
        except (OSError, smtplib.SMTPException) as error:
            self.close()
            return Outcome(Fate.UNKNOWN, _words_of(error))
        if code != 250:
            return self._judge(code, words, about_sender=False)
        return Outcome(Fate.SENT, _text(code, words))

    def _judge(self, code: int, words: bytes, *, about_sender: bool) -> Outcome:
        """What a refusal means. A refused sender is the installation's or the society's trouble: the letter waits."""
        if code == 421:
            self.close()
        if code < 500 or about_sender:
            return Outcome(Fate.LATER, _text(code, words))
        return Outcome(Fate.BOUNCED if code in NO_SUCH_MAILBOX else Fate.REFUSED, _text(code, words))


def _dotted(content: bytes) -> bytes:
    """The message as it goes over the wire, with the final dot."""
    quoted = smtplib._quote_periods(content)  # type: ignore[attr-defined]
    return bytes(quoted if quoted.endswith(b"\r\n") else quoted + b"\r\n") + b".\r\n"


def _text(code: int, words: bytes) -> str:
    return f"{code} {words.decode('utf-8', 'replace')}"[:500]


def _words_of(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        said = error.smtp_error
        return _text(error.smtp_code, said if isinstance(said, bytes) else str(said).encode())
    return f"{type(error).__name__}: {error}"[:500]
