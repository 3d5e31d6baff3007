"""What a stack remembers between commands: `stack.json` in its home, readable by its owner alone (passwords)."""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import asdict, dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from deploy.stack.accounts import reachable_folder
from deploy.stack.ports import free_port, is_free
from deploy.stack.processes import Process

SERVICES = ("members", "billing", "payments", "events", "notifications")
KINDS = ("web", "work", "relay")


@dataclass
class State:
    """Ports, passwords, settings and processes of one stack."""

    home: str
    services: list[str]
    servers_folder: str
    ports: dict[str, int]
    passwords: dict[str, str]
    web_workers: int = 2
    extra_env: dict[str, str] = field(default_factory=dict)
    processes: dict[str, Process] = field(default_factory=dict)
    database_folder: str = "postgres"  # another one after a fail-over
    leaving: dict[str, Process] = field(default_factory=dict)  # those that another has just taken over from

    @classmethod
    def load(cls, home: Path) -> State | None:
        path = home / "stack.json"
        if not path.exists():
            return None
        saved = json.loads(path.read_text())
        saved["passwords"] = _passwords() | saved["passwords"]
        for group in ("processes", "leaving"):
            saved[group] = {name: Process(**process) for name, process in saved.get(group, {}).items()}
        return cls(**saved)

    @classmethod
    def fresh(cls, home: Path, services: list[str]) -> State:
        return cls(
            home=str(home),
            services=services,
            servers_folder=str(reachable_folder(home)),
            ports={name: free_port() for name in port_names()},
            passwords=_passwords(),
        )

    def save(self) -> None:
        path = Path(self.home) / "stack.json"
        hidden = path.with_suffix(".new")
        with open(os.open(hidden, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump(asdict(self), file, indent=1)
        os.replace(hidden, path)

    def running(self) -> bool:
        return any(process.alive() for process in (*self.processes.values(), *self.leaving.values()))

    def avoid_taken_ports(self) -> None:
        """While nothing of ours runs: a port that somebody else took meanwhile is replaced."""
        for name in [*port_names(), *(["standby"] if "standby" in self.ports else [])]:
            if not is_free(self.ports.get(name, 0)) or name not in self.ports:
                self.ports[name] = free_port()


def broker_account(service: str) -> str:
    """Under which name the password of a service's account at the broker is kept."""
    return f"rabbit-{service}"


def _passwords() -> dict[str, str]:
    names = ("postgres", "rabbit", "cookie", *SERVICES, *map(broker_account, SERVICES), "session", "sandbox")
    return {name: secrets.token_hex(24) for name in names}


def port_names() -> list[str]:
    figures = [f"{kind}-{service}-metrics" for kind in ("work", "relay") for service in SERVICES]
    return [
        "postgres",
        "rabbit",
        "epmd",
        "dist",
        "smtp",
        "gateway",
        "sandbox",
        *(f"web-{s}" for s in SERVICES),
        *figures,
    ]


def make_token_keys(folder: Path) -> None:
    """The key pair that signs and verifies login tokens, unless it exists."""
    private, public = folder / "token.pem", folder / "token.pub"
    if private.exists() and public.exists():
        return
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    key = Ed25519PrivateKey.generate()
    private.touch(mode=0o600)
    private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    public.write_bytes(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
