"""Names in kana: what people type, what banks write, and when the two mean the same."""

from __future__ import annotations

import re
import unicodedata

from shared.japan.legal_forms import split_legal_form

_KATAKANA = re.compile(r"[ァ-ヶー・ \u3000]+")
_SMALL_TO_LARGE = str.maketrans("ァィゥェォッャュョヮヵヶ", "アイウエオツヤユヨワカケ")
_PUNCTUATION = re.compile(r"[^\wー]")
_DASHES = re.compile(r"[ー\-‐‑‒–—―−─]")
_HALF = {unicodedata.normalize("NFKC", chr(code)): chr(code) for code in range(0xFF61, 0xFF9E)}
_HALF |= {"\u3099": "ﾞ", "\u309a": "ﾟ", "゛": "ﾞ", "゜": "ﾟ", "\u3000": " "}
_BANK_CHARACTERS = re.compile(r"[ 0-9A-Z()\-.,/\\｢｣ｦｱ-ﾝﾞﾟ]*")
_VARIANT_KANJI = str.maketrans(
    "髙﨑濵濱邊邉邉齋齊斉澤廣國櫻眞德惠榮龍嶋嶌𠮷條壽淵渕藪薮桒曻羽槇槙瀨瀬賴穗萬冨峯彌與禮圓學靜",
    "高崎浜浜辺辺辺斎斎斎沢広国桜真徳恵栄竜島島吉条寿渕渕薮薮桑昇羽槙槙瀬瀬頼穂万富峰弥与礼円学静",
)


def fold_kana(text: str) -> str:
    """Full-width katakana of any kana; everything else as NFKC leaves it (it keeps 髙 and 﨑)."""
    text = unicodedata.normalize("NFKC", text)
    return "".join(chr(ord(c) + 0x60) if "ぁ" <= c <= "ゖ" else c for c in text)


def is_katakana(text: str) -> bool:
    """A name's reading 氏名カナ: full-width katakana, ー, ・ and spaces only."""
    return _KATAKANA.fullmatch(text) is not None


def bank_kana(text: str) -> str:
    """The text as banks write it: half-width, large kana, voiced marks apart, - for ー, capitals.

    Raises ValueError naming the characters that bank files cannot hold (kanji, for example)."""
    folded = _DASHES.sub("-", fold_kana(text)).upper().translate(_SMALL_TO_LARGE).replace("・", ".").replace("¥", "\\")
    result = "".join(_HALF.get(c, c) for c in unicodedata.normalize("NFD", folded))
    if not _BANK_CHARACTERS.fullmatch(result):
        lost = "".join(c for c in result if not _BANK_CHARACTERS.fullmatch(c))
        raise ValueError(f"not for bank files: {lost}")
    return result


def fold_kanji(text: str) -> str:
    """Variant kanji of names to the common ones (髙→高, 﨑→崎, 𠮷→吉), for finding, never for storing."""
    return text.translate(_VARIANT_KANJI)


def match_key(name: str) -> str:
    """What two spellings of one payer have in common: equal keys mean the same name to a bank.

    Folds width, hiragana, small kana, long vowels, spaces, punctuation, variant kanji; writes legal forms as banks do
    (株式会社ツドイ, ㈱ツドイ, カ)ツドイ → カ)ツドイ). Two companies that differ only in their form stay apart."""
    text = fold_kanji(_DASHES.sub("ー", fold_kana(name)).upper()).translate(_SMALL_TO_LARGE).replace("ヲ", "オ")
    before, core, after = split_legal_form(re.sub(r"\s", "", text))
    return before + _PUNCTUATION.sub("", core) + after
