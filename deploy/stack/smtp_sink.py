"""Takes all mail and sends none: each message becomes an .eml file that people and tests can read.

`X-Envelope-To` holds whom it was for. To try out bounces: an address that begins with `refuse-` is answered 550,
one that begins with `later-` 451. Run as
`python -m deploy.stack.smtp_sink PORT FOLDER [HOST]`."""

from __future__ import annotations

import itertools
import os
import signal
import sys
import threading
import time
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

MAX_BYTES = 30_000_000


class Sink:
    """Writes each message whole: first under a name that `*.eml` does not match (it does match
    hidden files), then renamed, so that no reader sees half of one."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.folder.mkdir(parents=True, exist_ok=True)
        self._count = itertools.count()

    async def handle_RCPT(  # noqa: N802  (the names are the library's)
        self, server: SMTP, session: Session, envelope: Envelope, address: str, rcpt_options: list[str]
    ) -> str:
        if address.startswith("refuse-"):
            return "550 5.1.1 no such mailbox"
        if address.startswith("later-"):
            return "451 4.3.0 try again later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        name = f"{time.time_ns()}-{next(self._count):06d}.eml"
        content = envelope.content or b""
        body = content if isinstance(content, bytes) else content.encode()
        unfinished = self.folder / f"{name}.part"
        unfinished.write_bytes(f"X-Envelope-To: {', '.join(envelope.rcpt_tos)}\r\n".encode() + body)
        os.replace(unfinished, self.folder / name)
        return "250 stored"


def main(port: int, folder: Path, host: str = "127.0.0.1") -> None:
    """Serve until SIGTERM or SIGINT."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    controller = Controller(Sink(folder), hostname=host, port=port, data_size_limit=MAX_BYTES, enable_SMTPUTF8=True)
    controller.start()
    stop.wait()
    controller.stop()


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]), *sys.argv[3:])
