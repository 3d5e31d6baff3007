"""The small interface behind which payment providers stand. Adapters translate; they decide and store nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol


@dataclass(frozen=True, kw_only=True)
class Order:
    """What we ask a provider to collect. `key` makes asking twice the same as once. Yen."""

    key: str
    merchant: str  # the society
    merchant_name: str
    method: str  # card | konbini | bank_transfer
    amount: int
    title: str
    chain: str | None
    pay_until: datetime
    return_url: str
    language: str = "ja"


@dataclass(frozen=True, kw_only=True)
class Charge:
    """What a provider knows of an order.

    `state`: waiting | authorising | paid | failed | expired | cancelled. `provisional`: a store has scanned the slip
    速報; that is no money yet. `as_of`: when the provider knew this."""

    reference: str
    key: str
    merchant: str
    amount: int
    currency: str
    state: str
    as_of: datetime
    provisional: bool = False
    failure: str | None = None
    paid_at: datetime | None = None
    redirect_url: str | None = None
    instructions: Mapping[str, Any] = field(default_factory=dict)  # fields of shared.messages.payments.Instructions


@dataclass(frozen=True, kw_only=True)
class Notice:
    """One signed notice of a provider; its `event_id` is unique for ever."""

    event_id: str
    kind: str
    charge: Charge


class PaymentProvider(Protocol):
    """Raises ProviderSilent when nobody knows what the provider did, ProviderRefused when it said no."""

    name: str

    def create(self, order: Order) -> Charge:
        """Begin collecting; the same key again gives the same charge."""

    def fetch(self, reference: str) -> Charge:
        """What the provider knows now."""

    def cancel(self, reference: str) -> Charge:
        """Stop collecting if it is not too late; gives the state after that (`paid` if it was too late)."""

    def verify(self, headers: Mapping[str, str], body: bytes) -> None:
        """Is this notice really theirs, and fresh? Raises NoticeForged."""

    def read_notice(self, body: str) -> Notice:
        """Raises ValueError, KeyError or TypeError where the body is not a notice."""
