"""The contracts between the services, one file per publisher; this file finds a contract by its type name."""

from __future__ import annotations

import msgspec

from shared.messages import billing, events, members, notifications, payments
from shared.messages.base import Envelope, Fact, Message, encode

CONTRACTS: dict[str, type[Message]] = {
    contract.type_name(): contract
    for module in (members, billing, payments, events, notifications)
    for contract in vars(module).values()
    if isinstance(contract, type) and issubclass(contract, Message) and contract is not Message
}

_decoders = {name: msgspec.json.Decoder(contract) for name, contract in CONTRACTS.items()}


def decode(envelope: Envelope) -> Message:
    """The message inside. Raises KeyError for a type that this release does not know, msgspec.ValidationError
    (a ValueError) for a payload that breaks its contract."""
    return envelope.message or decode_payload(envelope.type, envelope.payload)


def decode_payload(type_name: str, payload: str) -> Message:
    """As `decode`, before there is an envelope."""
    return _decoders[type_name].decode(payload)


__all__ = ["CONTRACTS", "Envelope", "Fact", "Message", "decode", "decode_payload", "encode"]
