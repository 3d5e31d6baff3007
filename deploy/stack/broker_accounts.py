"""Accounts at the broker: the deployment's own, which declares what stands there, and one for each service.

A service's account may publish its own messages only, and read its own queues only (`deploy/broker/rights.json`)."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from collections.abc import Mapping
from pathlib import Path

RIGHTS = Path(__file__).parents[1] / "broker" / "rights.json"
ADMINISTRATOR = "tsudoi"


def definitions(passwords: Mapping[str, str]) -> dict[str, str]:
    """What RabbitMQ loads at each start: file name → text. Read in the order of their names, accounts before rights."""
    users = [
        {
            "name": name,
            "password_hash": _hashed(password),
            "hashing_algorithm": "rabbit_password_hashing_sha256",
            "tags": "administrator" if name == ADMINISTRATOR else "",
        }
        for name, password in passwords.items()
    ]
    return {"accounts.json": json.dumps({"users": users}), "rights.json": RIGHTS.read_text()}


def _hashed(password: str) -> str:
    salt = secrets.token_bytes(4)
    return base64.b64encode(salt + hashlib.sha256(salt + password.encode()).digest()).decode()
