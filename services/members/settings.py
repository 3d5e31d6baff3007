"""Settings of members."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.serialization import load_pem_private_key

from shared.identity import is_pair
from shared.settings import Settings, setting, wrong_key


@dataclass(frozen=True, kw_only=True)
class MembersSettings(Settings):
    token_key: Path = setting("TSUDOI_TOKEN_KEY", doc="PEM file: Ed25519 private key that signs tokens")

    @classmethod
    def mistakes(cls, values: Mapping[str, Any]) -> Iterator[str]:
        yield from super().mistakes(values)
        if "token_key" in values:
            wrong = [*wrong_key("TSUDOI_TOKEN_KEY", values["token_key"], partial(load_pem_private_key, password=None))]
            yield from wrong or _strangers(values["token_key"], values.get("token_public"))


def _strangers(private: Path, public: Path | None) -> Iterator[str]:
    """Otherwise everybody would be sent from the login to the login."""
    if public is None or not public.is_file():
        return  # told elsewhere
    try:
        known = is_pair(private.read_bytes(), public.read_bytes())
    except ValueError:
        known = False
    if not known:
        yield f"TSUDOI_TOKEN_KEY: the public half of {private} is not in {public} (TSUDOI_TOKEN_PUBLIC)"
