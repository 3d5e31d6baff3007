"""A real SMTP server that keeps what it gets, and answers as a test tells it to."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from deploy.stack.ports import free_port

STALL = "stall"  # take everything, then never answer


@dataclass(frozen=True)
class Arrived:
    """One message as the server took it over."""

    sender: str
    recipients: list[str]
    content: bytes

    @property
    def mail(self) -> EmailMessage:
        return message_from_bytes(self.content, policy=default)

    @property
    def text(self) -> str:
        part = self.mail.get_body(("plain",))
        assert part is not None
        return str(part.get_content())

    @property
    def html(self) -> str:
        part = self.mail.get_body(("html",))
        assert part is not None
        return str(part.get_content())


class MailServer:
    """`answers["RCPT"]` and so on hold what to say next, first come first served; with nothing left it says 250."""

    def __init__(self) -> None:
        self.answers: dict[str, list[str]] = {"MAIL": [], "RCPT": [], "DATA": []}
        self.arrived: list[Arrived] = []  # taken over, or stalled after the final dot
        self.connections = 0
        self.offered = 0
        self.port = free_port()
        self.stalled = threading.Event()
        self._controller: Controller | None = None

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    def start(self) -> None:
        self._controller = Controller(self, hostname="127.0.0.1", port=self.port)
        self._controller.start()

    def stop(self) -> None:
        if self._controller is not None:
            self._controller.stop()
            self._controller = None

    async def handle_EHLO(  # noqa: N802  (the names are the library's)
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        self.connections += 1
        session.host_name = hostname
        return responses

    async def handle_MAIL(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self.offered += 1
        answer = self._next("MAIL")
        if answer.startswith("250"):
            envelope.mail_from = address
        return answer

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        answer = self._next("RCPT")
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        answer = self._next("DATA")
        if answer == STALL or answer.startswith("250"):
            content = envelope.content
            assert isinstance(content, bytes)
            self.arrived.append(Arrived(envelope.mail_from or "", list(envelope.rcpt_tos), content))
        if answer == STALL:
            self.stalled.set()
            await asyncio.sleep(3600)  # ended by the client's hanging up or by our stop
        return answer

    def _next(self, step: str) -> str:
        return self.answers[step].pop(0) if self.answers[step] else "250 2.0.0 OK"
