"""Legal forms in company names 法人略語, as banks abbreviate them in account names (全銀協 法人略語表)."""

from __future__ import annotations

import re

# abbreviation: how people write it in full or short, in large kana and kanji
_FORMS = {
    "カ": "カブシキガイシヤ カブシキカイシヤ 株式会社 株",
    "ユ": "ユウゲンガイシヤ ユウゲンカイシヤ 有限会社 有",
    "ド": "ゴウドウガイシヤ ゴウドウカイシヤ 合同会社 合同 同",
    "シ": "ゴウシガイシヤ ゴウシカイシヤ 合資会社 資",
    "メ": "ゴウメイガイシヤ ゴウメイカイシヤ 合名会社 名",
    "シヤ": "イツパンシヤダンホウジン コウエキシヤダンホウジン シヤダンホウジン "
    "一般社団法人 公益社団法人 社団法人 一社 公社 社",
    "ザイ": "イツパンザイダンホウジン コウエキザイダンホウジン ザイダンホウジン "
    "一般財団法人 公益財団法人 財団法人 一財 公財 財",
    "トクヒ": "トクテイヒエイリカツドウホウジン 特定非営利活動法人 特非 NPO法人 NPO",
    "ガク": "ガツコウホウジン 学校法人 学",
    "ダイ": "コクリツダイガクホウジン 国立大学法人 大",
    "ドク": "ドクリツギヨウセイホウジン 独立行政法人 独",
    "イ": "イリヨウホウジンシヤダン イリヨウホウジンザイダン イリヨウホウジン 医療法人社団 医療法人財団 医療法人 医",
    "シユウ": "シユウキヨウホウジン 宗教法人 宗",
    "フク": "シヤカイフクシホウジン 社会福祉法人 福",
}
_SHORT = {spelling: form for form, spellings in _FORMS.items() for spelling in (form, *spellings.split())}
_FULL = {spelling: form for spelling, form in _SHORT.items() if len(spelling) >= 4 and spelling != form}


def _any_of(spellings: dict[str, str]) -> str:
    return "|".join(sorted(map(re.escape, spellings), key=len, reverse=True))


_BEFORE = re.compile(rf"\(?({_any_of(_SHORT)})\)|({_any_of(_FULL)})")
_AFTER = re.compile(rf"(?:\(({_any_of(_SHORT)})\)?|({_any_of(_FULL)}))$")


def split_legal_form(name: str) -> tuple[str, str, str]:
    """(`カ)` or "", the name proper, `(カ` or ""), of a name without spaces, in full-width large kana or kanji.

    Only known forms count: ヤマダ(タロウ) is a person."""
    before = after = ""
    if match := _BEFORE.match(name):
        before, name = f"{_SHORT[match[1] or match[2]]})", name[match.end() :]
    if match := _AFTER.search(name):
        after, name = f"({_SHORT[match[1] or match[2]]}", name[: match.start()]
    return before, name, after
