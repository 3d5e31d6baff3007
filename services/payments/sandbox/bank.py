"""The sandbox's bank: transfers in, transfers taken back, and the day's notice file 振込入金通知."""

from __future__ import annotations

from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import Session

from services.payments.sandbox.charges import BANK, HOLDER
from services.payments.sandbox.store import ChargeRow, Merchant, TransferRow
from shared import clock
from shared.errors import N_
from shared.japan.kana import bank_kana
from shared.japan.zengin import Account, Deposit, write_deposits

NAME_WIDTH = 48
AMOUNT_LIMIT = 9_999_999_999


class NotPossible(Exception):
    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


def transfer(session: Session, form: dict[str, str]) -> TransferRow:
    """Money arrives, on the account of a charge or (no number) on the merchant's own. Raises NotPossible."""
    number = "".join(c for c in form.get("number", "") if c.isdigit())
    amount = "".join(c for c in form.get("amount", "") if c.isdigit())
    if not amount or not 0 < int(amount) <= AMOUNT_LIMIT:
        raise NotPossible(N_("Please enter an amount above zero."))
    try:
        if len(bank_kana(form.get("name", ""))) not in range(1, NAME_WIDTH + 1):
            raise NotPossible(N_("Please enter the depositor's name in kana (up to 48 letters)."))
    except ValueError:
        raise NotPossible(N_("Bank files hold kana, Latin letters and digits only: no kanji.")) from None
    try:
        day = date.fromisoformat(form.get("day", ""))
    except ValueError:
        day = clock.today()
    merchant = form.get("merchant", "")
    if number:
        charge = session.scalars(sa.select(ChargeRow).where(ChargeRow.number == number)).first()
        if charge is None or charge.method != "bank_transfer":
            raise NotPossible(N_("The bank has no account of this number (10 digits: branch 3, account 7)."))
        merchant = charge.merchant
    row = TransferRow(
        merchant=merchant,
        number=number,
        amount=int(amount),
        payer_name=form["name"],
        value_on=day,
        booked_on=clock.today(),
    )
    session.add(row)
    return row


def take_back(session: Session, transfer_id: int) -> None:
    """Add the line that takes a transfer back, once."""
    taken = session.get(TransferRow, transfer_id)
    if taken is None or taken.reversal or taken.taken_back:
        return
    taken.taken_back = True
    session.add(
        TransferRow(
            merchant=taken.merchant,
            number=taken.number,
            amount=taken.amount,
            payer_name=taken.payer_name,
            value_on=taken.value_on,
            booked_on=clock.today(),
            reversal=True,
        )
    )


def statement(session: Session, merchant: str, day: date) -> bytes:
    """The file of what was booked for a merchant on a day, in the bank's order."""
    known = session.get(Merchant, merchant)
    account = Account(
        bank=BANK["code"],
        branch="001",
        kind="1",
        number=known.account_number if known else "1000000",
        bank_name=BANK["kana"],
        branch_name="ホンテン",
        holder=HOLDER,
    )
    rows = sa.select(TransferRow).where(TransferRow.merchant == merchant, TransferRow.booked_on == day)
    deposits = [
        Deposit(
            account=account,
            booked_on=row.booked_on,
            value_on=row.value_on,
            amount=row.amount,
            payer_name=row.payer_name,
            payer_code=row.number,
            sending_bank="サンドボツクス",
            sending_branch="ホンテン",
            reversal=row.reversal,
        )
        for row in session.scalars(rows.order_by(TransferRow.id))
    ]
    return b"".join(write_deposits(deposits, made_on=day))
