"""Names: kana, half width, and when two spellings are one payer."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.japan.kana import bank_kana, fold_kana, fold_kanji, is_katakana, match_key


@pytest.mark.parametrize(("text", "expected"), [("たかはし　ﾊﾅｺ", "タカハシ ハナコ"), ("髙﨑", "髙﨑"), ("ｶﾞ", "ガ")])
def test_kana_is_folded_and_kanji_stay(text: str, expected: str) -> None:
    assert fold_kana(text) == expected


def test_a_reading_is_full_width_katakana_only() -> None:
    assert is_katakana("タカハシ　ジェーン・ヴェルヌ")
    assert not any(map(is_katakana, ["", "たかはし", "ﾀｶﾊｼ", "Takahashi", "髙橋"]))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("タカハシ　ジェーン", "ﾀｶﾊｼ ｼﾞｴ-ﾝ"),
        ("カ）ツドイ", "ｶ)ﾂﾄﾞｲ"),
        ("ヴァイオリン・パート", "ｳﾞｱｲｵﾘﾝ.ﾊﾟ-ﾄ"),
        ("abc－123", "ABC-123"),
    ],
)
def test_banks_write_half_width_large_kana(text: str, expected: str) -> None:
    assert bank_kana(text) == expected


def test_what_banks_cannot_write_is_named() -> None:
    with pytest.raises(ValueError, match="髙橋"):
        bank_kana("髙橋 ハナコ")


@pytest.mark.rule("D14")
@pytest.mark.parametrize(
    "spellings",
    [
        ("髙橋　花子", "高橋 花子", "高橋花子"),
        ("タカハシ ジェーン", "ﾀｶﾊｼ ｼﾞｴ-ﾝ", "たかはし　じぇーん", "ﾀｶﾊｼｼﾞｪｰﾝ", "タカハシ ジエ－ン"),
        ("カ）ツドイ", "株式会社ツドイ", "㈱ツドイ", "ｶ)ﾂﾄﾞｲ", "カブシキガイシャ　ツドイ", "(カ)ツドイ"),
        ("ツドイ（カ", "ツドイ株式会社", "ﾂﾄﾞｲ(ｶ)", "ツドイカブシキガイシャ"),
        ("シャ）ニホンツドイガッカイ", "ｼﾔ)ﾆﾎﾝﾂﾄﾞｲｶﾞﾂｶｲ", "一般社団法人 ニホンツドイガッカイ"),
        ("ミズヲ ヨシオ", "ﾐｽﾞｵ ﾖｼｵ"),
    ],
)
def test_spellings_of_one_payer_have_one_key(spellings: tuple[str, ...]) -> None:
    assert len({match_key(spelling) for spelling in spellings}) == 1


@pytest.mark.rule("D14")
@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ヤマダ(タロウ)", "ヤマダ(ジロウ)"),
        ("カ)ツドイ", "ユ)ツドイ"),
        ("カ)ツドイ", "ツドイ(カ"),
        ("サトウ", "サト"),
        ("ハヤシ", "バヤシ"),
        ("カトウ ハナコ", "トウ ハナコ"),
    ],
)
def test_different_payers_have_different_keys(one: str, other: str) -> None:
    assert match_key(one) != match_key(other)


_KATAKANA_NAMES = st.text(
    st.sampled_from("アイウガギグザジズダヂヅバビブパピプャュョッーンヴ "), min_size=1, max_size=20
)


@given(_KATAKANA_NAMES)
def test_what_the_bank_writes_has_the_key_of_what_people_write(name: str) -> None:
    assert match_key(bank_kana(name)) == match_key(name)


def test_variant_kanji_fold_one_to_one() -> None:
    assert fold_kanji("髙﨑𠮷邊濵齋") == "高崎吉辺浜斎"
