"""What happens to a charge, and the event that each change is told by."""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from services.payments.sandbox.store import ChargeRow, DeliveryRow, EventRow, Merchant
from shared import clock

BANK = {
    "code": "9999",
    "name": "サンドボックス銀行",
    "kana": "サンドボックスギンコウ",
    "branch": "900",
    "branch_name": "総合支店",
    "branch_kana": "ソウゴウ",
}
HOLDER = "サンドボックスシユウノウ"
OVER = ("paid", "failed", "expired", "cancelled")
FINAL_AFTER = timedelta(seconds=0.5)  # from a store's first notice 速報 to the final one 確報; a real one takes a day
REQUIRED = {
    "key": str,
    "merchant": str,
    "merchant_name": str,
    "method": str,
    "amount": int,
    "currency": str,
    "title": str,
    "pay_until": str,
    "return_url": str,
    "notify_url": str,
}
CHAINS = ("seven_eleven", "lawson", "familymart", "ministop", "seicomart")
STORE_LIMIT = 300_000


class Refused(Exception):
    """What the caller asked is not possible; the text says why."""


def create_charge(session: Session, asked: dict[str, Any], address: str) -> ChargeRow:
    """Begin to collect. The same key with the same request gives the first charge again. Raises Refused."""
    _check(asked)
    same = sa.select(ChargeRow).where(ChargeRow.merchant == asked["merchant"], ChargeRow.key == asked["key"])
    known = session.scalars(same).one_or_none()
    if known is not None:
        if known.asked != asked:
            raise Refused("this key was used for another request")
        return known
    _know_merchant(session, asked)
    now = clock.now()
    charge = ChargeRow(
        id=f"ch_{secrets.token_hex(10)}",
        asked=asked,
        chain=asked.get("chain"),
        pay_until=datetime.fromisoformat(asked["pay_until"]),
        state="waiting",
        provisional=False,
        created_at=now,
        changed_at=now,
        **{
            name: asked[name]
            for name in ("key", "merchant", "method", "amount", "currency", "title", "return_url", "notify_url")
        },
    )
    if charge.method == "card":
        charge.redirect_url = f"{address}/card/{charge.id}"
    elif charge.method == "konbini":
        short = charge.chain != "seven_eleven"
        charge.number = _fresh(session, 11 if short else 13)
        charge.confirmation = f"{secrets.randbelow(900_000) + 100_000}" if short else None
    else:
        charge.number = BANK["branch"] + _fresh(session, 7)
    session.add(charge)
    return charge


def change(
    session: Session, charge: ChargeRow, event: str, *, after: timedelta = timedelta(0), **values: Any
) -> EventRow:
    """Change a charge and owe its merchant the news."""
    for name, value in values.items():
        setattr(charge, name, value)
    charge.changed_at = max(clock.now(), charge.changed_at + timedelta(microseconds=1))
    body = {"id": f"evt_{secrets.token_hex(10)}", "type": f"charge.{event}", "charge": public(charge)}
    row = EventRow(
        id=body["id"],
        charge_id=charge.id,
        type=body["type"],
        body=json.dumps(body, ensure_ascii=False),
        created_at=clock.now(),
    )
    session.add(row)
    session.flush()
    send(session, row, charge, after=after)
    return row


def send(
    session: Session, event: EventRow, charge: ChargeRow, *, after: timedelta = timedelta(0), manner: str = "signed"
) -> None:
    """Owe the merchant one (more) sending of an event."""
    now = clock.now()
    session.add(
        DeliveryRow(event_id=event.id, url=charge.notify_url, manner=manner, next_try_at=now + after, created_at=now)
    )


def get(session: Session, charge_id: str) -> ChargeRow:
    """Raises Refused for an unknown one."""
    found = session.get(ChargeRow, charge_id)
    if found is None:
        raise Refused("no such charge")
    return found


def cancel_charge(session: Session, charge: ChargeRow) -> None:
    """Stop collecting; without effect on what is over."""
    if charge.state not in OVER and not charge.provisional:
        change(session, charge, "cancelled", state="cancelled")


def pay_charge(session: Session, charge: ChargeRow, *, though_over: bool = False, final: bool = True) -> None:
    """Money came: at a store first the scan 速報, then (`final`) the firm notice 確報; a card has only the latter.

    `though_over`: a slip that could not be stopped is paid all the same. Raises Refused."""
    if charge.state == "paid":
        raise Refused("this was paid already")
    if charge.state in OVER and not though_over:
        raise Refused("this is over")
    if charge.method == "konbini" and not charge.provisional:
        change(session, charge, "preliminary", provisional=True)
    if final:
        after = FINAL_AFTER if charge.method == "konbini" else timedelta(0)
        change(session, charge, "paid", after=after, state="paid", provisional=False, paid_at=clock.now())


def withdraw_scan(session: Session, charge: ChargeRow) -> None:
    """The customer walked away after the scan 速報取消. Raises Refused."""
    if not charge.provisional:
        raise Refused("this was not scanned")
    change(session, charge, "withdrawn", provisional=False)


def expire_charges(session: Session) -> int:
    """End what was not paid in time. Returns how many."""
    over = sa.select(ChargeRow).where(
        ChargeRow.state.in_(("waiting", "authorising")),
        ChargeRow.pay_until < clock.now(),
        ChargeRow.provisional.is_(False),
    )
    charges = session.scalars(over.where(ChargeRow.method != "bank_transfer")).all()
    for charge in charges:
        change(session, charge, "expired", state="expired")
    return len(charges)


def charges_since(session: Session, merchant: str, since: datetime, limit: int = 500) -> Sequence[ChargeRow]:
    """A merchant's charges that changed at or after a moment, oldest change first."""
    statement = sa.select(ChargeRow).where(ChargeRow.merchant == merchant, ChargeRow.changed_at >= since)
    return session.scalars(statement.order_by(ChargeRow.changed_at, ChargeRow.id).limit(limit)).all()


def public(charge: ChargeRow) -> dict[str, Any]:
    """A charge as its merchant sees it."""
    return {
        "id": charge.id,
        "key": charge.key,
        "merchant": charge.merchant,
        "method": charge.method,
        "amount": charge.amount,
        "currency": charge.currency,
        "state": charge.state,
        "provisional": charge.provisional,
        "failure": charge.failure,
        "paid_at": charge.paid_at.isoformat() if charge.paid_at else None,
        "as_of": charge.changed_at.isoformat(),
        "redirect_url": charge.redirect_url,
        "instructions": _instructions(charge),
    }


def _instructions(charge: ChargeRow) -> dict[str, Any]:
    if charge.method == "konbini":
        found = {"chain": charge.chain, "konbini_number": charge.number}
        return found | ({"confirmation_number": charge.confirmation} if charge.confirmation else {})
    if charge.method == "bank_transfer" and charge.number:
        return {
            "bank_code": BANK["code"],
            "bank_name": BANK["name"],
            "branch_code": BANK["branch"],
            "branch_name": BANK["branch_name"],
            "account_type": "1",
            "account_number": charge.number[3:],
            "account_holder": HOLDER,
        }
    return {}


def _check(asked: dict[str, Any]) -> None:
    for name, kind in REQUIRED.items():
        if type(asked.get(name)) is not kind or asked[name] == "":
            raise Refused(f"{name} is missing or malformed")
    if asked["currency"] != "JPY" or asked["amount"] <= 0:
        raise Refused("only yen, and more than none")
    if asked["method"] not in ("card", "konbini", "bank_transfer"):
        raise Refused("unknown method")
    if asked["method"] == "konbini" and (asked.get("chain") not in CHAINS or asked["amount"] > STORE_LIMIT):
        raise Refused("unknown chain, or more than stores take")
    try:
        naive = datetime.fromisoformat(asked["pay_until"]).tzinfo is None
    except ValueError:
        naive = True
    if naive or not all(asked[name].startswith(("http://", "https://")) for name in ("return_url", "notify_url")):
        raise Refused("malformed moment or address")


def _know_merchant(session: Session, asked: dict[str, Any]) -> None:
    known = session.get(Merchant, asked["merchant"])
    if known is not None:
        known.name = asked["merchant_name"]
        return
    count = session.scalar(sa.select(sa.func.count(Merchant.id))) or 0
    session.add(Merchant(id=asked["merchant"], name=asked["merchant_name"], account_number=f"{1_000_001 + count}"))


def _fresh(session: Session, digits: int) -> str:
    while True:
        number = f"{secrets.randbelow(9 * 10 ** (digits - 1)) + 10 ** (digits - 1)}"
        taken = sa.select(ChargeRow.id).where(
            sa.or_(ChargeRow.number == number, ChargeRow.number == BANK["branch"] + number)
        )
        if session.scalars(taken).first() is None:
            return number
