"""The first page of a search of a million members, with its count, by the console's own address over HTTP, one request
after the other. Straight: the same page and count by psycopg, as the owner of the tables, without a page around them.
One line for each kind of search; `ours` and `straight` are p95."""

from __future__ import annotations

import http.client
import itertools
import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import psycopg

from services.members.pages.finding import COUNTED_ON_A_DAY, COUNTED_TO
from services.members.search import fold
from services.members.search_index import grams
from shared.identity import Principal, Role, sign_token
from shared.ids import new_id
from tests.bench import report, search_people, webs, world

TIMES, WARMING = 60, 10
ON = "2023-09-01"
STOOD = """EXISTS (SELECT 1 FROM standings s WHERE s.member_id = m.id AND s.standing = %s AND s.starts_on <= %s
    AND NOT EXISTS (SELECT 1 FROM standings l WHERE l.member_id = s.member_id AND l.starts_on > s.starts_on
                    AND l.starts_on <= %s))"""
ORDERS = {
    "number": "m.number, m.id",
    "kana": "m.kana, m.id",
    "-joined_on": "m.joined_on DESC, m.id DESC",
    "category": "m.category, m.id",
}


@dataclass(frozen=True)
class Kind:
    """Searches of one kind, asked in turn."""

    name: str
    searches: Sequence[dict[str, str]]
    sort: str = "number"


def words(*texts: str) -> list[dict[str, str]]:
    return [{"q": text} for text in texts]


KANJI = words("髙橋", "佐藤 花子", "長谷川", "勅使河原", "五十嵐 誠", "渡邉由美子")
KINDS = (
    Kind("everybody", [{}]),
    Kind("kanji", KANJI),
    *(Kind(f"kanji by {sort}", KANJI, sort) for sort in ("kana", "-joined_on", "category")),
    Kind("two characters", words("山田", "佐藤", "田中", "白塚", "岩瀬", "蓮 岡")),
    Kind("two characters by kana", words("山田", "佐藤", "田中", "白塚", "岩瀬"), "kana"),
    Kind("one kanji", words("林", "誠", "隆")),
    Kind("kana", words("たかはし", "サトウ ハナコ", "テシガワラ", "しろづか", "ミヤザキ")),
    Kind("half width", words("ﾀｶﾊｼ", "ﾃｼｶﾞﾜﾗ", "ｲｶﾞﾗｼ ﾏｺﾄ", "ﾜﾀﾅﾍﾞ")),
    Kind("full width", words("Ｔａｋａｈａｓｈｉ", "Ｍ０１２３４５６", "ＴＥＳＨＩＧＡＷＡＲＡ")),
    Kind("roman", words("Takahashi", "Sato Hanako", "Teshigawara", "hasegawa kenichi", "Ito")),
    Kind("number", words("M0012345", "M0999999", "0000777", "M0500000")),
    Kind("e-mail", words("m4711@member.example", "m99999@")),
    Kind("common word", words("大学", "member.example", "研究")),
    Kind("nobody", words("存在しない", "xyzzyx", "龘")),
    Kind("on leave on a day", [{"standing": "on_leave", "on": ON}, {"standing": "on_leave", "on": "2025-09-01"}]),
    Kind("active on a day", [{"standing": "active", "on": ON}], "kana"),
    Kind("left on a day", [{"standing": "left", "on": "2024-09-01"}]),
    Kind("kanji, on leave on a day", [{"q": "佐藤", "standing": "on_leave", "on": ON}]),
    Kind("students of before 2020 without e-mail", [{"category": "student", "joined_to": "2020-03-31", "email": "no"}]),
)


def main() -> None:
    n = report.size(1_000_000)
    with webs.kit("members") as (stack, web):
        url = stack.database_url("members", owner=True).replace("+psycopg", "")
        with psycopg.connect(url, autocommit=True, prepare_threshold=None) as database:
            database.execute("SET jit = off")
            _categories(database)
            filled = search_people.fill(database, n)
            key = Path(stack.env("members")["TSUDOI_TOKEN_KEY"]).read_bytes()
            for kind in KINDS:
                pages = _Pages(web.port, key)
                turns = list(itertools.islice(itertools.cycle(kind.searches), TIMES + WARMING))
                ours = [pages.ask(search, kind.sort) for search in turns]
                straight = [_straight(database, search, kind.sort) for search in turns]
                for (_, shown), (_, found) in zip(ours, straight, strict=True):
                    assert shown == found, (kind.name, shown[:3], found[:3])
                took, limit = ([seconds * 1000 for seconds, _ in laps[WARMING:]] for laps in (ours, straight))
                report.tell(
                    "search",
                    n,
                    report.percentile(took, 0.95),
                    "ms",
                    report.percentile(limit, 0.95),
                    kind=kind.name,
                    p50=round(report.percentile(took, 0.5), 1),
                    straight_p50=round(report.percentile(limit, 0.5), 1),
                    **filled,
                )


class _Pages:
    """A clerk's browser: one connection that is kept, a token of its own."""

    def __init__(self, port: int, key: bytes) -> None:
        clerk = Principal(
            account_id=new_id(),
            session_id=new_id(),
            society_id=world.SOCIETY,
            person_id=None,
            roles=frozenset({Role.READER}),
        )
        self._headers = {"Cookie": f"tsudoi_token={sign_token(clerk, key)}", "Accept": "text/html"}
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)

    def ask(self, search: dict[str, str], sort: str) -> tuple[float, list[str]]:
        """Seconds, and the numbers on the page."""
        began = time.monotonic()
        address = f"/members/console/members?{urlencode({**search, 'sort': sort})}"
        self._connection.request("GET", address, headers=self._headers)
        answer = self._connection.getresponse()
        page = answer.read().decode()
        took = time.monotonic() - began
        assert answer.status == 200, (answer.status, search)
        return took, re.findall(r'<td class="nowrap">(M\d{7})</td>', page)


def _straight(database: psycopg.Connection[Any], search: dict[str, str], sort: str) -> tuple[float, list[str]]:
    conditions = ["m.society_id = %s", "m.kind IN ('individual', 'corporate')"]
    values: list[Any] = [world.SOCIETY]
    for text, more in _asked(search):
        conditions.append(text)
        values += more
    where = " AND ".join(conditions)
    count_to = COUNTED_ON_A_DAY if "on" in search else COUNTED_TO
    began = time.monotonic()
    page = f"SELECT m.* FROM members m WHERE {where} ORDER BY {ORDERS[sort]} LIMIT 50"
    cursor = database.execute(page, values)
    rows = cursor.fetchall()
    count = f"SELECT count(*) FROM (SELECT 1 FROM members m WHERE {where} LIMIT {count_to + 1}) AS found"
    database.execute(count, values).fetchone()
    took = time.monotonic() - began
    number = [column.name for column in cursor.description or ()].index("number")
    return took, [row[number] for row in rows]


def _asked(search: dict[str, str]) -> Iterator[tuple[str, list[Any]]]:
    for word in map(fold, search.get("q", "").split()):
        yield "m.search LIKE %s", [f"%{word}%"]
        if wanted := grams(word):
            yield 'search_grams(m.search) @> %s::text[] COLLATE "C"', [list(wanted)]
    if "on" in search:
        yield STOOD, [search["standing"], search["on"], search["on"]]
    if "category" in search:
        yield "m.category = %s", [search["category"]]
    if "joined_to" in search:
        yield "m.joined_on <= %s", [search["joined_to"]]
    if "email" in search:
        yield "m.email IS NULL", []


def _categories(database: psycopg.Connection[Any]) -> None:
    for ordinal, code in enumerate(("regular", "student", "honorary")):
        database.execute(
            "INSERT INTO categories (society_id, id, code, name, name_en, ordinal)"
            " VALUES (%s, gen_random_uuid(), %s, %s, %s, %s)",
            (world.SOCIETY, code, code, code, ordinal),
        )


if __name__ == "__main__":
    main()
