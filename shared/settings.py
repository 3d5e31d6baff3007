"""Settings come from the environment (`TSUDOI_*`) alone. All mistakes are reported at once, and nothing starts."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import MISSING, dataclass, field, fields
from pathlib import Path
from typing import Any, Self

from cryptography.hazmat.primitives.serialization import load_pem_public_key

_PUBLIC_KEY = re.compile(rb"-----BEGIN PUBLIC KEY-----.+?-----END PUBLIC KEY-----\s*", re.DOTALL)


class SettingsWrong(Exception):
    """Every missing or malformed setting, one a line."""


def setting(variable: str, default: Any = MISSING, *, secret: bool = False, doc: str = "") -> Any:
    """A dataclass field that is read from `variable`; `{SERVICE}` in it is the service's name in capitals."""
    metadata = {"variable": variable, "secret": secret, "doc": doc}
    if default is MISSING:
        return field(metadata=metadata, repr=not secret)
    return field(default=default, metadata=metadata, repr=not secret)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What every service needs. A service adds its own fields in a subclass."""

    service: str
    database: str = setting("TSUDOI_DATABASE_{SERVICE}", secret=True, doc="database URL of the service's role")
    database_owner: str = setting(
        "TSUDOI_DATABASE_{SERVICE}_OWNER", "", secret=True, doc="URL of the role that owns the tables; for migrations"
    )
    broker: str = setting("TSUDOI_BROKER", "", secret=True, doc="amqp:// URL; empty: local bus")
    public_url: str = setting("TSUDOI_PUBLIC_URL", "http://127.0.0.1:8000", doc="address of the gateway, for links")
    secret: str = setting("TSUDOI_SECRET", secret=True, doc="signs cookies; 32 characters or more")
    secret_beside: str = setting(
        "TSUDOI_SECRET_BESIDE", "", secret=True, doc="is accepted, too, while TSUDOI_SECRET is exchanged"
    )
    token_public: Path = setting("TSUDOI_TOKEN_PUBLIC", doc="PEM file: Ed25519 public keys that verify tokens")
    home: Path = setting("TSUDOI_HOME", Path(".tsudoi"), doc="data folder (uploads, job files)")
    audit_anchors: str = setting(
        "TSUDOI_AUDIT_ANCHORS", "", doc="file that the heads of the audit trail go to; empty: one in TSUDOI_HOME"
    )
    metrics_port: int = setting("TSUDOI_METRICS_PORT", 0, doc="where worker and relay serve /metrics; 0: nowhere")
    metrics_host: str = setting("TSUDOI_METRICS_HOST", "127.0.0.1", doc="address at which /metrics is served")
    pool_size: int = setting("TSUDOI_POOL_SIZE", 10, doc="database connections a process")
    dev: bool = setting("TSUDOI_DEV", False, doc="1: every service also shows its components at /<service>/kit")

    @property
    def secrets(self) -> tuple[str, ...]:
        """The one that seals and signs; then, while it is exchanged, the other one that still opens."""
        return (self.secret, self.secret_beside) if self.secret_beside else (self.secret,)

    @property
    def anchors(self) -> Path:
        return Path(self.audit_anchors or self.home / "audit-anchors.jsonl")

    @classmethod
    def load(cls, service: str, environment: Mapping[str, str] | None = None, *, needing: Collection[str] = ()) -> Self:
        """Read and check all of them; those in `needing` may not be left out here. Raises SettingsWrong naming every
        mistake."""
        environment = os.environ if environment is None else environment
        values: dict[str, Any] = {"service": service}
        wrong: list[str] = []
        for each in fields(cls):
            if "variable" not in each.metadata:
                continue
            variable = each.metadata["variable"].replace("{SERVICE}", service.upper())
            text = environment.get(variable)
            if each.metadata["secret"] and (file := environment.get(f"{variable}_FILE")):
                text, mistake = _mounted(variable, text, Path(file))
                wrong += mistake
                if mistake:
                    continue
            if text is None or text == "":
                if each.default is MISSING or each.name in needing:
                    wrong.append(f"{variable} is not set ({each.metadata['doc']})")
                continue
            try:
                values[each.name] = _convert(str(each.type), text)
            except ValueError as error:
                wrong.append(f"{variable}: {error}")
        wrong += (mistake for mistake in cls.mistakes(values))
        if wrong:
            raise SettingsWrong("\n".join(wrong))
        return cls(**values)

    @classmethod
    def mistakes(cls, values: Mapping[str, Any]) -> Iterator[str]:
        """What is wrong with settings that could be read, one by one or together. A service adds its own."""
        for name, schemes in (("database", ("postgresql+psycopg", "sqlite")), ("broker", ("amqp", "amqps"))):
            text = str(values.get(name, ""))
            variable = f"TSUDOI_{name.upper()}" + (f"_{values['service'].upper()}" if name == "database" else "")
            if text and not text.startswith(tuple(f"{scheme}://" for scheme in schemes)):
                yield f"{variable} does not begin with {' or '.join(f'{scheme}://' for scheme in schemes)}"
        for name, variable in (("secret", "TSUDOI_SECRET"), ("secret_beside", "TSUDOI_SECRET_BESIDE")):
            if len(values.get(name, "")) not in (0, *range(32, 4096)):
                yield f"{variable} is shorter than 32 characters"
        if "token_public" in values:
            yield from wrong_key("TSUDOI_TOKEN_PUBLIC", values["token_public"], load_public_keys)
        if values.get("pool_size", 1) < 1:
            yield "TSUDOI_POOL_SIZE is less than 1"


def load_public_keys(pem: bytes) -> list[Any]:
    """All that a file holds: two, while keys are exchanged. Raises ValueError."""
    return [load_pem_public_key(found) for found in _PUBLIC_KEY.findall(pem) or [pem]]


def wrong_key(variable: str, path: Path, read: Callable[[bytes], object]) -> Iterator[str]:
    """Nothing, if the file holds such a key."""
    try:
        read(path.read_bytes())
    except OSError as error:
        yield f"{variable}: {path} cannot be read ({error.strerror})"
    except ValueError:
        yield f"{variable}: {path} holds no such key"


def _mounted(variable: str, text: str | None, file: Path) -> tuple[str, list[str]]:
    """A secret out of a file, and what is wrong with it."""
    if text:
        return text, [f"{variable} and {variable}_FILE are both set"]
    try:
        return file.read_text(encoding="utf-8").strip(), []
    except OSError as error:
        return "", [f"{variable}_FILE: {file} cannot be read ({error.strerror})"]


def _convert(kind: str, text: str) -> Any:
    if kind == "int":
        return int(text)
    if kind == "bool":
        if text.lower() not in ("0", "1", "true", "false"):
            raise ValueError(f"{text!r} is neither 0 nor 1")
        return text.lower() in ("1", "true")
    if kind == "Path":
        return Path(text)
    return text
