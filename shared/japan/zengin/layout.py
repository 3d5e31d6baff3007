"""The 200-byte records of type 01: which bytes hold what. Positions count from 1, as the banks' tables do."""

from __future__ import annotations

from typing import NamedTuple

LENGTH = 200


class Place(NamedTuple):
    """One field: first and last byte; a number (right-aligned, zeros) or text (left-aligned, blanks)."""

    first: int
    last: int
    number: bool = False

    @property
    def width(self) -> int:
        return self.last - self.first + 1

    def of(self, record: str) -> str:
        return record[self.first - 1 : self.last]


Layout = dict[str, Place]

HEADER: Layout = {
    "record": Place(1, 1, True),
    "type": Place(2, 3, True),
    "code": Place(4, 4, True),
    "made_on": Place(5, 10, True),
    "from": Place(11, 16, True),
    "to": Place(17, 22, True),
    "bank": Place(23, 26, True),
    "bank_name": Place(27, 41),
    "branch": Place(42, 44, True),
    "branch_name": Place(45, 59),
    "kind": Place(60, 60, True),
    "number": Place(61, 67, True),
    "holder": Place(68, 107),
}

_BOTH: Layout = {
    "record": Place(1, 1, True),
    "reference": Place(2, 7, True),
    "booked_on": Place(8, 13, True),
    "value_on": Place(14, 19, True),
    "amount": Place(20, 29, True),
    "cheques": Place(30, 39, True),
    "payer_code": Place(40, 49, True),
    "payer_name": Place(50, 97),
    "sending_bank": Place(98, 112),
    "sending_branch": Place(113, 127),
    "reversal": Place(128, 128),
}
DATA_A: Layout = _BOTH | {"edi": Place(129, 148)}
DATA_B: Layout = _BOTH | {"amount2": Place(129, 140, True), "cheques2": Place(141, 152, True), "edi": Place(153, 172)}

TRAILER: Layout = {
    "record": Place(1, 1, True),
    "count": Place(2, 7, True),
    "sum": Place(8, 19, True),
    "reversal_count": Place(20, 25, True),
    "reversal_sum": Place(26, 37, True),
}


def compose(layout: Layout, values: dict[str, str]) -> bytes:
    """One record. Raises ValueError when a value is longer than its place or holds what JIS X 0201 does not."""
    record = [" "] * LENGTH
    for name, place in layout.items():
        value = values.get(name, "")
        if len(value) > place.width:
            raise ValueError(f"{name} is longer than {place.width} bytes: {value}")
        filled = value.rjust(place.width, "0") if place.number else value.ljust(place.width)
        record[place.first - 1 : place.last] = filled
    return encode("".join(record))


def encode(text: str) -> bytes:
    """JIS X 0201: ASCII and half-width katakana, one byte each."""
    data = text.encode("cp932")
    if len(data) != len(text):
        raise ValueError(f"not in JIS X 0201: {text}")
    return data
