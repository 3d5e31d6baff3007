"""Settings of members."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.serialization import load_pem_private_key

from shared.settings import Settings, setting, wrong_key


@dataclass(frozen=True, kw_only=True)
class MembersSettings(Settings):
    token_key: Path = setting("TSUDOI_TOKEN_KEY", doc="PEM file: Ed25519 private key that signs tokens")

    @classmethod
    def mistakes(cls, values: Mapping[str, Any]) -> Iterator[str]:
        yield from super().mistakes(values)
        if "token_key" in values:
            yield from wrong_key("TSUDOI_TOKEN_KEY", values["token_key"], partial(load_pem_private_key, password=None))
