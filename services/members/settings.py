"""Settings of members."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from shared.settings import Settings, setting


@dataclass(frozen=True, kw_only=True)
class MembersSettings(Settings):
    token_key: Path = setting("TSUDOI_TOKEN_KEY", doc="PEM file: Ed25519 private key that signs tokens")
