"""What payments needs to know from its environment, beside what every service needs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from shared.settings import Settings, setting


@dataclass(frozen=True, kw_only=True)
class PaymentSettings(Settings):
    sandbox_url: str = setting(
        "TSUDOI_SANDBOX_URL", "", doc="address of the sandbox provider; empty: <public URL>/sandbox"
    )
    sandbox_secret: str = setting(
        "TSUDOI_SANDBOX_SECRET",
        "",
        secret=True,
        doc="shared with the sandbox provider; several by comma while one replaces another; empty: no online methods",
    )
    hooks_url: str = setting(
        "TSUDOI_HOOKS_URL", "", doc="address of the gateway as the provider sees it, for its notices; empty: public URL"
    )
    konbini_days: int = setting(
        "TSUDOI_KONBINI_DAYS", 14, doc="days to pay at a store, counting the first (at most 60)"
    )
    transfer_days: int = setting("TSUDOI_TRANSFER_DAYS", 30, doc="days to pay by bank transfer, counting the first")
    grace_bank_days: int = setting(
        "TSUDOI_GRACE_BANK_DAYS", 3, doc="bank days after a transfer's deadline in which it may still be reported"
    )

    @classmethod
    def mistakes(cls, values: Mapping[str, Any]) -> Iterator[str]:
        yield from super().mistakes(values)
        for name in ("konbini_days", "transfer_days"):
            if values.get(name, 1) < 1:
                yield f"TSUDOI_{name.upper()} is less than 1"

    @property
    def sandbox_address(self) -> str:
        return (self.sandbox_url or f"{self.public_url}/sandbox").rstrip("/")

    @property
    def sandbox_origin(self) -> str:
        parts = urlsplit(self.sandbox_address)
        return f"{parts.scheme}://{parts.netloc}"

    @property
    def sandbox_secrets(self) -> tuple[str, ...]:
        return tuple(part.strip() for part in self.sandbox_secret.split(",") if part.strip())
