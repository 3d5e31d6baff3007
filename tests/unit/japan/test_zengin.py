"""Bank files: what is written is read again, and every way in which a file can be wrong is told with its line."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import Fault, InvalidInput
from shared.japan.zengin import Account, Deposit, Style, read_deposits, write_deposits

ACCOUNT = Account("0001", "123", "1", "7654321", "ミズホ", "カンダ", "シヤ)ニホンツドイガツカイ")
DAY = date(2026, 11, 20)
MADE = date(2026, 11, 21)


def deposit(amount: int = 12_000, name: str = "タカハシ ハナコ", *, reversal: bool = False) -> Deposit:
    return Deposit(ACCOUNT, DAY, DAY, amount, name, reference="000001", reversal=reversal)


def written(deposits: list[Deposit], style: Style = Style.A, newline: bytes = b"\r\n") -> bytes:
    return b"".join(write_deposits(deposits, made_on=MADE, style=style, newline=newline))


def read(data: bytes, style: Style = Style.AUTO) -> list[Deposit]:
    return list(read_deposits(io.BytesIO(data), style=style))


def faults(data: bytes, style: Style = Style.AUTO) -> list[Fault]:
    with pytest.raises(InvalidInput) as caught:
        read(data, style)
    return list(caught.value.faults)


def told(data: bytes) -> list[tuple[int | None, str]]:
    return [(fault.row, fault.text % fault.params) for fault in faults(data)]


_KANA = st.text(st.sampled_from("アイウエオガギダパンヤツ 0123ABC().-"), max_size=12).map(str.strip)
_DAYS = st.dates(date(2019, 5, 1), date(2050, 12, 31))
_ACCOUNTS = st.builds(
    Account,
    bank=st.from_regex(r"[0-9]{4}", fullmatch=True),
    branch=st.from_regex(r"[0-9]{3}", fullmatch=True),
    kind=st.sampled_from("124"),
    number=st.from_regex(r"[0-9]{7}", fullmatch=True),
    bank_name=st.just("ミズホ"),
    branch_name=st.just("カンダ"),
    holder=_KANA,
)


def _deposits(most: int) -> st.SearchStrategy[Deposit]:
    return st.builds(
        Deposit,
        account=_ACCOUNTS,
        booked_on=_DAYS,
        value_on=_DAYS,
        amount=st.integers(1, most),
        payer_name=_KANA,
        payer_code=st.from_regex(r"[1-9][0-9]{9}|", fullmatch=True),
        cheques=st.integers(0, 10**9),
        sending_bank=st.just("ユウチヨ"),
        sending_branch=st.just("ホンテン"),
        reversal=st.booleans(),
        edi=st.sampled_from(["", "INV-2026-000123", "ANS120"]),
        reference=st.from_regex(r"[0-9]{6}", fullmatch=True).filter(lambda text: text.strip("0") != ""),
    )


@pytest.mark.rule("P5")
@given(
    st.lists(_deposits(10**10 - 1), max_size=6),
    st.sampled_from([b"\r\n", b"\n", b""]),
    st.sampled_from([Style.A, Style.AUTO]),
)
def test_records_of_style_a_are_read_as_written(deposits: list[Deposit], newline: bytes, style: Style) -> None:
    assert read(written(deposits, Style.A, newline), style) == deposits


@pytest.mark.rule("P5")
@given(st.lists(_deposits(10**11), max_size=6), st.sampled_from([b"\r\n", b""]), st.sampled_from([Style.B, Style.AUTO]))
def test_records_of_style_b_are_read_as_written(deposits: list[Deposit], newline: bytes, style: Style) -> None:
    assert read(written(deposits, Style.B, newline), style) == deposits


def test_every_record_has_200_bytes_and_the_banks_shape() -> None:
    header, data, trailer, end = written([deposit()], newline=b"\n").splitlines()
    assert {len(record) for record in (header, data, trailer, end)} == {200}
    assert header[:26] == b"10100811210811200811200001"
    assert header[59:67] == b"17654321"
    assert data[:39] == b"2000001081120081120" + b"0000012000" + b"0000000000"
    assert data[49:64].decode("cp932") == "ﾀｶﾊｼ ﾊﾅｺ       "
    assert trailer[:37] == b"8" + b"000001" + b"000000012000" + b"000000" + b"000000000000"


def test_lines_are_counted_and_names_come_in_full_width() -> None:
    first, second = read(written([deposit(), deposit(500, "カ)ツドイ")]))
    assert (first.line, second.line) == (2, 3)
    assert (second.payer_name, second.account.holder) == ("カ)ツドイ", "シヤ)ニホンツドイガツカイ")


def test_an_end_of_file_mark_and_a_short_trailer_form_are_taken() -> None:
    data = written([deposit(), deposit(500, reversal=True)])
    assert len(read(data + b"\x1a")) == 2
    short = data.replace(b"000001000000000500", b"0000010000000500  ")
    assert short != data
    assert len(read(short)) == 2


@pytest.mark.rule("P5")
def test_reversals_come_as_reversals() -> None:
    assert [(d.amount, d.reversal) for d in read(written([deposit(), deposit(reversal=True)]))] == [
        (12_000, False),
        (12_000, True),
    ]


def _line(number: int, change: Callable[[bytes], bytes]) -> bytes:
    lines = written([deposit(), deposit(500)]).splitlines(keepends=True)
    lines[number - 1] = change(lines[number - 1])
    return b"".join(lines)


def _put(at: int, new: str) -> Callable[[bytes], bytes]:
    data = new.encode("cp932")
    return lambda line: line[: at - 1] + data + line[at - 1 + len(data) :]


@pytest.mark.parametrize(
    ("line", "change", "expected"),
    [
        (2, lambda line: line[10:], "The line has 190 bytes; a record has 200."),
        (3, lambda line: b" " + line, "The line has 201 bytes; a record has 200."),
        (2, _put(50, "髙橋"), "The line holds characters that bank files do not have (JIS X 0201)."),
        (2, _put(50, "ｼﾞｪｰﾝ"), "The payer's name holds small kana, which bank files do not have: “ジェーンハナコ”."),
        (2, _put(1, "7"), "Unknown kind of record: “7”."),
        (2, _put(8, "081131"), "“081131” is not a date (YYMMDD in the years of Reiwa)."),
        (2, _put(8, "000000"), "“000000” is not a date (YYMMDD in the years of Reiwa)."),
        (2, _put(20, "00000A2000"), "“00000A2000” is not a number."),
        (3, _put(20, "0000000000"), "The amount is not a number of yen above zero."),
        (3, _put(128, "X"), "The reversal mark is “X”; only 1 or blank is known."),
        (1, _put(2, "03"), "This is a file of type 03; a notice of money received (type 01) is needed."),
        (1, _put(4, "1"), "The file says that it is in EBCDIC; ask the bank for JIS."),
        (4, _put(2, "000003"), "The trailer says 3 transfers of 12500 yen; the file has 2 of 12500 yen."),
        (4, _put(8, "000000012501"), "The trailer says 2 transfers of 12501 yen; the file has 2 of 12500 yen."),
        (4, _put(20, "000001"), "The trailer says 1 reversals of 0 yen; the file has 0 of 0 yen."),
    ],
)
def test_a_wrong_line_is_told(line: int, change: Callable[[bytes], bytes], expected: str) -> None:
    assert (line, expected) in told(_line(line, change))


@pytest.mark.parametrize("newline", [b"\r\n", b""])
def test_half_a_file_is_refused_wherever_it_stops(newline: bytes) -> None:
    whole = written([deposit(), deposit(500), deposit(500, reversal=True)], newline=newline)
    for length in range(0, len(whole) - 2, 7):
        if len(whole[:length].rstrip(b"\r\n")) < len(whole.rstrip(b"\r\n")):
            assert faults(whole[:length])


def test_missing_records_are_told() -> None:
    header, data, trailer, end = written([deposit()]).splitlines(keepends=True)
    assert told(data + trailer + end)[0] == (1, "A header record is missing before this line.")
    assert told(header + data + end) == [(3, "A trailer record is missing before this line.")]
    assert (3, "A trailer record is missing before this line.") in told(header + data + header + trailer + end)
    assert told(header + data + trailer) == [(3, "The file stops half-way: its end record is missing.")]
    assert told(header + data + trailer + end + header) == [(5, "There are records after the end record.")]
    assert told(b"") == [(None, "The file is empty.")]
    assert told(b"not a bank file at all\n")[0] == (1, "The line has 22 bytes; a record has 200.")


@given(st.binary(max_size=900))
def test_no_bytes_do_more_than_be_refused(data: bytes) -> None:
    assert faults(data)


def test_a_date_that_counts_from_is_the_booking_date_when_the_bank_leaves_it_out() -> None:
    [first, _] = read(_line(2, _put(14, "000000")))
    assert first.value_on == first.booked_on == DAY


def test_what_does_not_fit_a_record_cannot_be_written() -> None:
    for wrong in (deposit(10**10), deposit(name="髙橋"), deposit(name="ア" * 49)):
        with pytest.raises(ValueError):
            written([wrong])


def test_a_file_is_read_as_it_streams_in() -> None:
    deposits = (deposit(1 + number % 7, "ア") for number in range(20_000))
    data = b"".join(write_deposits(deposits, made_on=MADE))
    stream = read_deposits(io.BytesIO(data))
    assert next(stream).line == 2
    assert sum(1 for _ in stream) == 19_999
