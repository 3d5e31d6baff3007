"""Rosters 会員名簿 as secretariats have them: from Excel, and from old systems in CP932."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

import openpyxl

HEADERS = ("会員番号", "氏名", "氏名カナ", "氏名英字", "メールアドレス", "会員種別", "入会日", "所属", "研究分野")
RARE_NAMES = (
    ("J001", "髙橋 﨑子", "タカハシ サキコ", "", "j001@journey.example", "正会員", "2024-04-01", "集い大学", "中世史"),
    ("J002", "𠮷野家 葛󠄀城", "ヨシノヤ カツラギ", "", "j002@journey.example", "学生会員", "2025/10/1", "", ""),
    ("J003", "濵﨑 德", "ハマサキ トク", "", "j003@journey.example", "名誉会員", "2001.4.1", "㈱①研究所", "言語学"),
)
IN_CP932 = (
    ("J011", "髙﨑 隆", "タカサキ タカシ", "", "j011@journey.example", "正会員", "2024年4月1日", "～大学", "地理学"),
)
NOT_YET = ("J012", "新山 未登録", "ニイヤマ ミトウロク", "", "j012@journey.example", "正会員", "2026-04-01", "", "")
FAULTY = (
    ("J021", "渡邊 一", "ワタナベ ハジメ", "", "j021@journey.example", "正会員", "2024-02-30", "", ""),
    ("J022", "", "ナナシ", "", "j022@journey.example", "正会員", "2024-04-01", "", ""),
    ("J023", "謎野 種別", "ナゾノ シュベツ", "", "j023@journey.example", "宇宙会員", "2024-04-01", "", ""),
    ("J023", "二重 番号", "ニジュウ バンゴウ", "", "not an address", "正会員", "2024-04-01", "", ""),
)

Rows = Sequence[Sequence[str]]


def xlsx(rows: Rows) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    for row in (HEADERS, *rows):
        sheet.append(row)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def cp932(rows: Rows) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows((HEADERS, *rows))
    return text.getvalue().encode("cp932")
