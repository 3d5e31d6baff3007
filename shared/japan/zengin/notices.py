"""What a type-01 file says, in our words."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from enum import Enum

_REIWA_YEAR_ZERO = 2018


class Style(Enum):
    """Which data record a bank writes; a setting of the account. AUTO: B where bytes 129-152 are 24 digits."""

    A = "A"
    B = "B"
    AUTO = "auto"


@dataclass(frozen=True)
class Account:
    """The account that the money came to. Names in full-width kana; kind 1 普通, 2 当座, 4 貯蓄."""

    bank: str
    branch: str
    kind: str
    number: str
    bank_name: str = ""
    branch_name: str = ""
    holder: str = ""


@dataclass(frozen=True)
class Deposit:
    """One transfer in, or (reversal 取消) one that the bank took back. Yen. Names as the bank wrote them, full-width.

    `booked_on` 勘定日, `value_on` 起算日 (from when it counts), `cheques` 他店券 (part not yet cleared),
    `payer_code` 依頼人コード (10 digits, "" if none; for virtual accounts often their number), `reference` 照会番号,
    `line` where it stands in the file, from 1 (not part of what makes two notices equal)."""

    account: Account
    booked_on: date
    value_on: date
    amount: int
    payer_name: str
    payer_code: str = ""
    cheques: int = 0
    sending_bank: str = ""
    sending_branch: str = ""
    reversal: bool = False
    edi: str = ""
    reference: str = ""
    line: int = field(default=0, compare=False)


def era_date(day: date) -> str:
    """YYMMDD with the year of Reiwa."""
    return f"{day.year - _REIWA_YEAR_ZERO:02}{day:%m%d}"


def parse_era_date(text: str) -> date:
    """Raises ValueError if that day does not exist."""
    if len(text) != 6 or not text.isascii() or not text.isdigit() or text.startswith("00"):
        raise ValueError(text)
    return date(_REIWA_YEAR_ZERO + int(text[:2]), int(text[2:4]), int(text[4:]))
