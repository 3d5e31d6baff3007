"""Writing a type-01 file as a bank would: for the sandbox's bank, and to prove the reader."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date

from shared.japan.kana import bank_kana
from shared.japan.zengin.layout import DATA_A, DATA_B, HEADER, LENGTH, TRAILER, compose
from shared.japan.zengin.notices import Deposit, Style, era_date


def write_deposits(
    deposits: Iterable[Deposit], *, made_on: date, style: Style = Style.A, newline: bytes = b"\r\n"
) -> Iterator[bytes]:
    """The records of a file, in order; deposits of one account must follow each other.

    Raises ValueError for what does not fit a record: names that are no kana, amounts over the record's width."""
    group: list[Deposit] = []
    for deposit in deposits:
        if group and deposit.account != group[0].account:
            yield from _account(group, made_on, style, newline)
            group = []
        group.append(deposit)
    if group:
        yield from _account(group, made_on, style, newline)
    yield b"9".ljust(LENGTH) + newline


def _account(group: list[Deposit], made_on: date, style: Style, newline: bytes) -> Iterator[bytes]:
    account = group[0].account
    header = {
        "record": "1",
        "type": "01",
        "code": "0",
        "made_on": era_date(made_on),
        "from": era_date(min(d.booked_on for d in group)),
        "to": era_date(max(d.booked_on for d in group)),
        "bank": account.bank,
        "bank_name": bank_kana(account.bank_name),
        "branch": account.branch,
        "branch_name": bank_kana(account.branch_name),
        "kind": account.kind,
        "number": account.number,
        "holder": bank_kana(account.holder),
    }
    yield compose(HEADER, header) + newline
    for number, deposit in enumerate(group, start=1):
        yield _data(deposit, number, style) + newline
    kept = [d.amount for d in group if not d.reversal]
    taken = [d.amount for d in group if d.reversal]
    trailer = {"record": "8", "count": str(len(kept)), "sum": str(sum(kept))}
    trailer |= {"reversal_count": str(len(taken)), "reversal_sum": str(sum(taken))}
    yield compose(TRAILER, trailer) + newline


def _data(deposit: Deposit, number: int, style: Style) -> bytes:
    values = {
        "record": "2",
        "reference": deposit.reference or str(number),
        "booked_on": era_date(deposit.booked_on),
        "value_on": era_date(deposit.value_on),
        "payer_code": deposit.payer_code,
        "payer_name": bank_kana(deposit.payer_name),
        "sending_bank": bank_kana(deposit.sending_bank),
        "sending_branch": bank_kana(deposit.sending_branch),
        "reversal": "1" if deposit.reversal else " ",
        "edi": bank_kana(deposit.edi),
    }
    amount, cheques = str(deposit.amount), str(deposit.cheques)
    if style is Style.B and len(amount) > DATA_A["amount"].width:
        values |= {"amount": "", "cheques": "", "amount2": amount, "cheques2": cheques}
    else:
        values |= {"amount": amount, "cheques": cheques}
    return compose(DATA_B if style is Style.B else DATA_A, values)
