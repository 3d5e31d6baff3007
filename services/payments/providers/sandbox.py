"""Adapter for the sandbox provider: HTTP calls with time-outs, notices signed by HMAC over time and body."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import requests

from services.payments.errors import NoticeForged, ProviderRefused, ProviderSilent
from services.payments.providers.port import Charge, Notice, Order
from shared import clock

TIMEOUT = (2.0, 8.0)  # seconds to connect, to answer
TOLERANCE = 300  # seconds that a signature stays good, either way
SIGNATURE = "Sandbox-Signature"  # t=<seconds>,v1=<hex>[,v1=<hex>]


class SandboxProvider:
    """Talks to the sandbox as one would to a real provider."""

    name = "sandbox"

    def __init__(self, url: str, secrets: Sequence[str], notify_base: str) -> None:
        self._url = url.rstrip("/")
        self._secrets = [secret.encode() for secret in secrets]
        self._notify_base = notify_base.rstrip("/")
        self._headers = {"Authorization": f"Bearer {secrets[0]}"}

    def create(self, order: Order) -> Charge:
        body = {
            "key": order.key,
            "merchant": order.merchant,
            "merchant_name": order.merchant_name,
            "method": order.method,
            "amount": order.amount,
            "currency": "JPY",
            "title": order.title,
            "chain": order.chain,
            "pay_until": order.pay_until.isoformat(),
            "return_url": order.return_url,
            "notify_url": f"{self._notify_base}/payments/hooks/{self.name}/{order.merchant}",
            "language": order.language,
        }
        return self._charge(self._call("POST", "/api/charges", body))

    def fetch(self, reference: str) -> Charge:
        return self._charge(self._call("GET", f"/api/charges/{reference}"))

    def cancel(self, reference: str) -> Charge:
        return self._charge(self._call("POST", f"/api/charges/{reference}/cancel"))

    def verify(self, headers: Mapping[str, str], body: bytes) -> None:
        time, given = _parse_signature(headers.get(SIGNATURE, ""))
        signed = f"{time}.".encode() + body
        good = [hmac.new(secret, signed, hashlib.sha256).hexdigest() for secret in self._secrets]
        # every pair is compared, so that the time taken tells nothing
        matches = [hmac.compare_digest(ours.encode(), theirs.encode()) for ours in good for theirs in given]
        if not any(matches) or abs(clock.now().timestamp() - time) > TOLERANCE:
            raise NoticeForged

    def read_notice(self, body: str) -> Notice:
        event = json.loads(body)
        return Notice(event_id=_text(event["id"]), kind=_text(event["type"]), charge=self._charge(event["charge"]))

    def _call(self, verb: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        try:
            answer = requests.request(verb, self._url + path, json=body, headers=self._headers, timeout=TIMEOUT)
            found = answer.json()
        except (requests.RequestException, ValueError) as error:
            raise ProviderSilent from error
        if answer.status_code >= 500 or answer.status_code == 429:
            raise ProviderSilent
        if answer.status_code >= 400:
            raise ProviderRefused(reason=str(found.get("error", answer.status_code)))
        return dict(found)

    def _charge(self, found: Mapping[str, Any]) -> Charge:
        amount = found["amount"]
        if type(amount) is not int:
            raise TypeError("the amount is not a whole number")
        return Charge(
            reference=_text(found["id"]),
            key=_text(found["key"]),
            merchant=_text(found["merchant"]),
            amount=amount,
            currency=_text(found["currency"]),
            state=_text(found["state"]),
            as_of=_moment(found["as_of"]),
            provisional=found.get("provisional") is True,
            failure=found.get("failure"),
            paid_at=_moment(found["paid_at"]) if found.get("paid_at") else None,
            redirect_url=found.get("redirect_url"),
            instructions=dict(found.get("instructions") or {}),
        )


def _parse_signature(header: str) -> tuple[int, list[str]]:
    time, given = None, []
    for part in header.split(","):
        name, _, value = part.partition("=")
        if name == "t" and time is None and value.isascii() and value.isdigit() and len(value) <= 12:
            time = int(value)
        elif name == "v1":
            given.append(value)
        else:
            raise NoticeForged
    if time is None or not 1 <= len(given) <= 4:
        raise NoticeForged
    return time, given


def _text(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise TypeError("text expected")
    return value


def _moment(value: object) -> datetime:
    moment = datetime.fromisoformat(_text(value))
    if moment.tzinfo is None:
        raise ValueError("a moment without a zone")
    return moment
