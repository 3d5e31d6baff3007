"""The running sandbox: its file, its sender, its secrets."""

from __future__ import annotations

from pathlib import Path

from flask import request

from services.payments.sandbox.sender import Sender
from services.payments.sandbox.store import Store


class Sandbox:
    """`secret` may hold several, separated by commas: all of them may call, the first one signs."""

    def __init__(self, home: Path, secret: str, public_url: str = "") -> None:
        self.secrets = tuple(part.strip() for part in secret.split(",") if part.strip())
        if not self.secrets:
            raise ValueError("the sandbox needs a secret")
        self._public_url = public_url.rstrip("/")
        home.mkdir(parents=True, exist_ok=True)
        self.store = Store(home)
        self.sender = Sender(self.store, self.secrets[0])
        self.sender.start()

    def address(self) -> str:
        """Where a payer's browser finds us."""
        return (self._public_url or request.host_url.rstrip("/")) + "/sandbox"

    def close(self) -> None:
        self.sender.stop()
        self.store.close()
