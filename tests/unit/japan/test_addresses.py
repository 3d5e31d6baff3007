"""Addresses of postal codes, from Japan Post's data as they are installed."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from shared.japan.addresses import addresses_of


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("1000001", ["東京都千代田区千代田"]),
        ("〒１００‐０００１", ["東京都千代田区千代田"]),
        ("100-0000", ["東京都千代田区"]),  # 以下に掲載がない場合
        ("4980000", ["愛知県弥富市", "三重県桑名郡木曽岬町"]),
        ("999-9999", []),
    ],
)
def test_a_code_has_its_addresses(code: str, found: list[str]) -> None:
    assert addresses_of(code) == found


def test_offices_and_floors_have_codes_of_their_own() -> None:
    assert addresses_of("060-8621") == ["北海道札幌市中央区北一条西6丁目1-2アーバンネット札幌ビル2F"]
    assert addresses_of("100-6007") == ["東京都千代田区霞が関霞が関ビル7階"]


def test_what_is_no_code_is_refused() -> None:
    with pytest.raises(ValueError):
        addresses_of("12-34")


def test_threads_ask_at_once() -> None:
    with ThreadPoolExecutor(8) as pool:
        assert set(map(tuple, pool.map(addresses_of, ["1000001"] * 50))) == {("東京都千代田区千代田",)}
