"""Rosters as files, in every form in which offices keep them."""

from __future__ import annotations

import io
from datetime import date

import xlsxwriter

HEADER = (
    "会員番号,氏名,氏名カナ,氏名英字,メールアドレス,会員種別,会員状況,入会日,所属,郵便番号,住所,電話番号,備考,推薦者"
)
ROWS = (
    "1,髙橋 花子,ﾀｶﾊｼ ﾊﾅｺ,Hanako Takahashi,Hanako@Example.jp,正会員,在会,2020/4/1,"
    "集い大学,〒1000001,東京都,03-1234-5678,,山田",
    "2,山﨑 蓮,やまざき れん,,ren@example.jp,学生会員,休会,令和2年4月1日,,,,,二人目,",
)


def roster(*rows: str, header: str = HEADER) -> str:
    return "\r\n".join((header, *rows)) + "\r\n"


def xlsx(rows: list[list[object]]) -> bytes:
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        day = book.add_format({"num_format": "yyyy/mm/dd"})
        for number, row in enumerate(rows):
            for column, cell in enumerate(row):
                if isinstance(cell, date):
                    sheet.write_datetime(number, column, cell, day)
                elif isinstance(cell, str) and cell.startswith("="):
                    sheet.write_formula(number, column, cell, value=1)
                elif isinstance(cell, str):
                    sheet.write_string(number, column, cell)
                else:
                    sheet.write(number, column, cell)
    return buffer.getvalue()


def as_xlsx(text: str) -> bytes:
    return xlsx([list(line.split(",")) for line in text.splitlines()])


ENCODINGS = {
    "utf-8": lambda text: text.encode(),
    "utf-8-bom": lambda text: text.encode("utf-8-sig"),
    "cp932": lambda text: text.encode("cp932"),
    "utf-16": lambda text: text.encode("utf-16"),
    "tabs": lambda text: text.replace(",", "\t").encode(),
    "xlsx": as_xlsx,
}
