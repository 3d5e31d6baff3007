"""Names in kana: what people type, what banks write, and when the two mean the same."""

from __future__ import annotations

import re
import unicodedata

_KATAKANA = re.compile(r"[ァ-ヶー・ \u3000]+")
_SMALL_TO_LARGE = str.maketrans("ァィゥェォッャュョヮヵヶ", "アイウエオツヤユヨワカケ")
_DASHES = re.compile(r"[ー\-‐‑‒–—―−─]")
_HALF = {unicodedata.normalize("NFKC", chr(code)): chr(code) for code in range(0xFF61, 0xFF9E)}
_HALF |= {"\u3099": "ﾞ", "\u309a": "ﾟ", "゛": "ﾞ", "゜": "ﾟ", "\u3000": " "}
_BANK_CHARACTERS = re.compile(r"[ 0-9A-Z()\-.,/\\¥｢｣ｦｱ-ﾝﾞﾟ]*")
_VARIANT_KANJI = str.maketrans(
    "髙﨑濵濱邊邉邉齋齊斉澤廣國櫻眞德惠榮龍嶋嶌𠮷條壽淵渕藪薮桒曻羽槇槙瀨瀬賴穗萬冨峯彌與禮圓學靜",
    "高崎浜浜辺辺辺斎斎斎沢広国桜真徳恵栄竜島島吉条寿渕渕薮薮桑昇羽槙槙瀬瀬頼穂万富峰弥与礼円学静",
)
# 法人略語 of the banks, then the same in full; longest first, so that 一般社団法人 is not left with 一般.
_LEGAL_FORMS = ["コウエキザイダンホウジン", "コウエキシャダンホウジン", "イッパンザイダンホウジン", "イッパンシャダンホウジン", "トクテイヒエイリカツドウホウジン", "ドクリツギョウセイホウジン", "コクリツダイガクホウジン", "カブシキガイシャ", "ユウゲンガイシャ", "ゴウドウガイシャ", "ゴウシガイシャ", "ゴウメイガイシャ", "シャカイフクシホウジン", "ガッコウホウジン", "イリョウホウジン", "シュウキョウホウジン", "公益財団法人", "公益社団法人", "一般財団法人", "一般社団法人", "特定非営利活動法人", "独立行政法人", "国立大学法人", "社会福祉法人", "株式会社", "有限会社", "合同会社", "合資会社", "合名会社", "学校法人", "医療法人", "宗教法人"]


def fold_kana(text: str) -> str:
    """Full-width katakana of any kana (NFKC, hiragana → katakana); everything else as NFKC leaves it. NFKC keeps 髙 and 﨑."""
    text = unicodedata.normalize("NFKC", text)
    return "".join(chr(ord(c) + 0x60) if "ぁ" <= c <= "ゖ" else c for c in text)


def is_katakana(text: str) -> bool:
    """A name's reading 氏名カナ: full-width katakana, ー, ・ and spaces only."""
    return _KATAKANA.fullmatch(text) is not None


def bank_kana(text: str) -> str:
    """The text as banks write it: half-width, large kana, voiced marks apart, - for ー, オ for ヲ in names, capitals.

    Raises ValueError naming the characters that bank files cannot hold (kanji, for example)."""
    folded = _DASHES.sub("-", fold_kana(text)).upper().translate(_SMALL_TO_LARGE).replace("・", ".")
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

    Folds width, hiragana, small kana, long-vowel signs, spaces, punctuation, variant kanji and legal forms (カ) シャ) …)."""
    text = fold_kanji(_DASHES.sub("ー", fold_kana(name)).upper())
    text = re.sub(r"^[^()]{1,4}\)|\([^()]{1,4}\)?$|\([^()]{1,4}\)", "", re.sub(r"\s", "", text))
    text = text.translate(_SMALL_TO_LARGE).replace("ヲ", "オ")
    for form in _LEGAL_FORMS:
        text = text.replace(form.translate(_SMALL_TO_LARGE), "", 1)
    return re.sub(r"[^\wー]", "", text)
