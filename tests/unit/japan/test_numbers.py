"""Registration numbers and postal codes."""

from __future__ import annotations

import pytest

from shared.errors import InvalidInput
from shared.japan.postcode import normalise_postcode
from shared.japan.registration_number import parse_registration_number


@pytest.mark.rule("B14")
@pytest.mark.parametrize(
    "text", ["T7000012050002", "Ｔ７００００１２０５０００２", "t7-0000-1205-0002", " T7000012050002 "]
)
def test_a_registration_number_is_read_in_any_width(text: str) -> None:
    number = parse_registration_number(text)
    assert (number.number, number.checksum_matches) == ("T7000012050002", True)


def test_a_check_digit_that_does_not_match_is_a_warning_only() -> None:
    assert not parse_registration_number("T1000012050002").checksum_matches


@pytest.mark.parametrize("text", ["", "7000012050002", "T700001205000", "T70000120500021", "TT000012050002"])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        parse_registration_number(text)


@pytest.mark.parametrize("text", ["1000001", "100-0001", "〒１００－０００１", "１００ー０００１", "100 0001"])
def test_postal_codes_are_written_one_way(text: str) -> None:
    assert normalise_postcode(text) == "100-0001"


@pytest.mark.parametrize("text", ["", "100-001", "SW1A 1AA", "10000011", "100-00O1"])
def test_what_is_no_postal_code_is_none(text: str) -> None:
    assert normalise_postcode(text) is None
