"""Registration numbers 登録番号 of invoice issuers: T and 13 digits; a company's is its corporate number 法人番号."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from shared.errors import N_, Fault, InvalidInput

_SHAPE = re.compile(r"T[0-9]{13}")


@dataclass(frozen=True)
class RegistrationNumber:
    """`number` as printed, T0000000000000. `checksum_matches` False calls for a warning, not a refusal: numbers of sole
    traders need not follow the corporate numbers' check digit."""

    number: str
    checksum_matches: bool


def parse_registration_number(text: str) -> RegistrationNumber:
    """Read what a person typed (any width, hyphens, spaces). Raises InvalidInput unless it is T and 13 digits."""
    number = re.sub(r"[\s\-‐−ー]", "", unicodedata.normalize("NFKC", text)).upper()
    if not _SHAPE.fullmatch(number):
        raise InvalidInput(faults=[Fault(N_("A registration number is T and 13 digits."), field="registration_number")])
    return RegistrationNumber(number, int(number[1]) == check_digit(number[2:]))


def check_digit(twelve_digits: str) -> int:
    """First digit of a corporate number: weights 1, 2, 1, 2 … from the right; 9 − sum mod 9 (法人番号省令2条)."""
    total = sum(int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(twelve_digits)))
    return 9 - total % 9
