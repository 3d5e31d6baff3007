"""Reading a type-01 file as it streams in. A file is one whole: whoever stores its deposits does so in one transaction,
since that the file is half or its sums are wrong is only known at its end."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from datetime import date
from typing import BinaryIO

from shared.errors import N_, Fault, InvalidInput
from shared.japan.zengin.layout import DATA_A, DATA_B, HEADER, LENGTH, TRAILER, Layout
from shared.japan.zengin.notices import Account, Deposit, Style, parse_era_date

_MAX_FAULTS = 200
_MAX_LINE = 4096
_END_OF_FILE = b"\x1a"
_FOREIGN = re.compile(rb"[^\x20-\x7e\xa1-\xdf]")
_SMALL_KANA = re.compile("[ｧ-ｯ]")
_TWENTY_FOUR_DIGITS = re.compile(r"[0-9]{24}")


def read_deposits(file: BinaryIO, *, style: Style = Style.AUTO) -> Iterator[Deposit]:
    """Yield the file's deposits, reversals among them, in order. `file` is binary and is read once.

    Raises InvalidInput at the end with a fault for each line that is wrong (`row`): length, characters, small kana,
    unknown or misplaced records, dates, amounts, counts and sums, a file that stops half-way. Keep nothing of it."""
    reader = _Reader(style)
    for line, record in _records(file):
        deposit = reader.take(line, record)
        if deposit is not None:
            yield deposit
        if len(reader.faults) >= _MAX_FAULTS:
            break
    else:
        reader.finish()
    if reader.faults:
        raise InvalidInput(faults=reader.faults)


def _records(file: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """(number, bytes) of each record: lines if there are line ends, else every 200 bytes."""
    start = file.readline(_MAX_LINE)
    number = 0
    if start.endswith(b"\n") and len(start) < 2 * LENGTH:
        while start:
            number += 1
            record = start.rstrip(b"\r\n")
            if record not in (b"", _END_OF_FILE):
                yield number, record
            start = file.readline(_MAX_LINE)
        return
    buffer = start
    while buffer:
        while len(buffer) >= LENGTH:
            number += 1
            yield number, buffer[:LENGTH]
            buffer = buffer[LENGTH:]
        more = file.read(LENGTH * 100)
        if not more:
            if buffer.rstrip(_END_OF_FILE + b"\r\n"):
                yield number + 1, buffer
            return
        buffer += more


class _Reader:
    def __init__(self, style: Style) -> None:
        self.faults: list[Fault] = []
        self._style = style
        self._account: Account | None = None
        self._ended = False
        self._line = 0
        self._counts = [0, 0]
        self._sums = [0, 0]

    def take(self, line: int, data: bytes) -> Deposit | None:
        self._line = line
        if len(data) != LENGTH:
            self._fault(N_("The line has %(length)s bytes; a record has 200."), length=len(data))
            return None
        if _FOREIGN.search(data):
            self._fault(N_("The line holds characters that bank files do not have (JIS X 0201)."))
            return None
        record = data.decode("cp932")
        if self._ended:
            self._fault(N_("There are records after the end record."))
            return None
        match record[0]:
            case "1":
                self._header(record)
            case "2":
                return self._data(record)
            case "8":
                self._trailer(record)
            case "9":
                self._end()
            case other:
                self._fault(N_("Unknown kind of record: “%(kind)s”."), kind=other)
        return None

    def finish(self) -> None:
        if self._line == 0:
            self._fault(N_("The file is empty."))
        elif not self._ended:
            self._fault(N_("The file stops half-way: its end record is missing."))

    def _header(self, record: str) -> None:
        values = _cut(HEADER, record)
        if self._account is not None:
            self._fault(N_("A trailer record is missing before this line."))
        if values["type"] != "01":
            self._fault(
                N_("This is a file of type %(type)s; a notice of money received (type 01) is needed."),
                type=values["type"],
            )
        if values["code"] == "1":
            self._fault(N_("The file says that it is in EBCDIC; ask the bank for JIS."))
        self._account = Account(
            bank=values["bank"],
            branch=values["branch"],
            kind=values["kind"],
            number=values["number"],
            bank_name=_text(values["bank_name"]),
            branch_name=_text(values["branch_name"]),
            holder=_text(values["holder"]),
        )
        self._counts, self._sums = [0, 0], [0, 0]

    def _data(self, record: str) -> Deposit | None:
        before = len(self.faults)
        wide = self._style is Style.B or (self._style is Style.AUTO and _TWENTY_FOUR_DIGITS.fullmatch(record[128:152]))
        values = _cut(DATA_B if wide else DATA_A, record)
        amount, cheques = self._number(values["amount"]), self._number(values["cheques"])
        if wide and amount == 0:
            amount, cheques = self._number(values["amount2"]), self._number(values["cheques2"])
        reversal = values["reversal"] == "1"
        self._counts[reversal] += 1
        self._sums[reversal] += amount
        booked_on = self._date(values["booked_on"])
        value_on = self._date(values["value_on"]) if values["value_on"].strip(" 0") else booked_on
        if self._account is None:
            self._fault(N_("A header record is missing before this line."))
        if _SMALL_KANA.search(values["payer_name"]):
            self._fault(
                N_("The payer's name holds small kana, which bank files do not have: “%(name)s”."),
                name=_text(values["payer_name"]),
            )
        if values["reversal"] not in " 01":
            self._fault(N_("The reversal mark is “%(mark)s”; only 1 or blank is known."), mark=values["reversal"])
        if len(self.faults) > before or self._account is None or booked_on is None or value_on is None:
            return None
        if amount <= 0:
            self._fault(N_("The amount is not a number of yen above zero."))
            return None
        return Deposit(
            account=self._account,
            booked_on=booked_on,
            value_on=value_on,
            amount=amount,
            cheques=cheques,
            payer_name=_text(values["payer_name"]),
            payer_code=values["payer_code"].strip() if values["payer_code"].strip(" 0") else "",
            sending_bank=_text(values["sending_bank"]),
            sending_branch=_text(values["sending_branch"]),
            reversal=reversal,
            edi=_text(values["edi"]),
            reference=values["reference"].strip(),
            line=self._line,
        )

    def _trailer(self, record: str) -> None:
        if self._account is None:
            self._fault(N_("A header record is missing before this line."))
        values = {name: self._number(value) for name, value in _cut(TRAILER, record).items()}
        told = (values["count"], values["sum"], values["reversal_count"], values["reversal_sum"])
        found = (self._counts[0], self._sums[0], self._counts[1], self._sums[1])
        if told[:2] != found[:2]:
            self._fault(
                N_("The trailer says %(count)s transfers of %(sum)s yen; the file has %(found)s of %(found_sum)s yen."),
                count=told[0],
                sum=told[1],
                found=found[0],
                found_sum=found[1],
            )
        if told[2:] != found[2:]:
            self._fault(
                N_("The trailer says %(count)s reversals of %(sum)s yen; the file has %(found)s of %(found_sum)s yen."),
                count=told[2],
                sum=told[3],
                found=found[2],
                found_sum=found[3],
            )
        self._account = None

    def _end(self) -> None:
        if self._account is not None:
            self._fault(N_("A trailer record is missing before this line."))
        self._ended = True

    def _number(self, text: str) -> int:
        text = text.strip()
        if text and not (text.isascii() and text.isdigit()):
            self._fault(N_("“%(text)s” is not a number."), text=text)
            return 0
        return int(text or 0)

    def _date(self, text: str) -> date | None:
        try:
            return parse_era_date(text)
        except ValueError:
            self._fault(N_("“%(text)s” is not a date (YYMMDD in the years of Reiwa)."), text=text)
            return None

    def _fault(self, text: str, /, **params: object) -> None:
        if len(self.faults) < _MAX_FAULTS:
            self.faults.append(Fault(text, params, row=self._line or None))


def _cut(layout: Layout, record: str) -> dict[str, str]:
    return {name: place.of(record) for name, place in layout.items()}


def _text(half_width: str) -> str:
    return unicodedata.normalize("NFKC", half_width.rstrip())
