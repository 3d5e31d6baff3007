"""A million members with Japanese names, put straight into the database of members (not what is measured): common names
are common, rare ones rare; one in ten has left, one in thirty is on leave, others were in 2023."""

from __future__ import annotations

import time
from typing import Any

import psycopg

from services.members.demo_names import AFFILIATIONS, FAMILY_NAMES, GIVEN_NAMES
from services.members.search import fold, search_text
from tests.bench import world

_BEFORE = (
    ("山", "ヤマ", "Yama"),
    ("川", "カワ", "Kawa"),
    ("石", "イシ", "Ishi"),
    ("西", "ニシ", "Nishi"),
    ("東", "ヒガシ", "Higashi"),
    ("北", "キタ", "Kita"),
    ("大", "オオ", "O"),
    ("高", "タカ", "Taka"),
    ("松", "マツ", "Matsu"),
    ("竹", "タケ", "Take"),
    ("藤", "フジ", "Fuji"),
    ("森", "モリ", "Mori"),
    ("黒", "クロ", "Kuro"),
    ("白", "シロ", "Shiro"),
    ("杉", "スギ", "Sugi"),
    ("岩", "イワ", "Iwa"),
)
_BEHIND = (
    ("田", "タ", "ta"),
    ("川", "カワ", "kawa"),
    ("本", "モト", "moto"),
    ("村", "ムラ", "mura"),
    ("野", "ノ", "no"),
    ("島", "シマ", "shima"),
    ("崎", "サキ", "saki"),
    ("井", "イ", "i"),
    ("原", "ハラ", "hara"),
    ("沢", "サワ", "sawa"),
    ("岡", "オカ", "oka"),
    ("谷", "タニ", "tani"),
    ("木", "キ", "ki"),
    ("下", "シタ", "shita"),
    ("瀬", "セ", "se"),
    ("塚", "ヅカ", "zuka"),
)
_MADE = ((a + b, c + d, e + f) for a, c, e in _BEFORE for b, d, f in _BEHIND)
FAMILIES = (*FAMILY_NAMES, *_MADE, ("林", "ハヤシ", "Hayashi"), ("勅使河原", "テシガワラ", "Teshigawara"))
# of two even chances the smaller: the first names are the most common, the last ones very rare
MEMBERS = """
WITH drawn AS MATERIALIZED (
    SELECT i, 1 + floor(least(random(), random()) * %(families)s)::int AS family,
           1 + floor(least(random(), random()) * %(givens)s)::int AS given,
           1 + floor(random() * %(affiliations)s)::int AS affiliation,
           CASE WHEN i %% 10 < 9 THEN 'm' || i || '@member.example' END AS email
    FROM generate_series(1::bigint, %(n)s) AS i
)
INSERT INTO members (society_id, id, revision, changed_at, kind, name, kana, roman, email, language, number, standing,
    category, joined_on, affiliation, postcode, address, phone, note, custom, search)
SELECT %(society)s, gen_random_uuid(), 1, now(), CASE WHEN i %% 50 = 0 THEN 'corporate' ELSE 'individual' END,
    f.kanji || ' ' || g.kanji, f.kana || ' ' || g.kana, g.roman || ' ' || f.roman, email,
    CASE WHEN i %% 20 = 0 THEN 'en' ELSE 'ja' END, 'M' || lpad(i::text, 7, '0'),
    CASE WHEN i %% 100 < 10 THEN 'left' WHEN i %% 100 < 13 THEN 'on_leave' ELSE 'active' END,
    CASE WHEN i %% 9 = 0 THEN 'student' WHEN i %% 97 = 0 THEN 'honorary' ELSE 'regular' END,
    date '1990-04-01' + (i * 7919 %% 12000)::int, a.name, '100-0001', '東京都千代田区千代田1-1', '03-0000-0000', '',
    '{}'::json, concat_ws(E'\n', f.folded || g.folded, f.kana || g.kana, lower(g.roman || f.roman),
        lower(f.roman || g.roman), 'm' || lpad(i::text, 7, '0'), email, nullif(a.folded, ''))
FROM drawn
JOIN unnest(%(family_kanji)s::text[], %(family_kana)s::text[], %(family_roman)s::text[], %(family_folded)s::text[])
    WITH ORDINALITY AS f(kanji, kana, roman, folded, place) ON f.place = drawn.family
JOIN unnest(%(given_kanji)s::text[], %(given_kana)s::text[], %(given_roman)s::text[], %(given_folded)s::text[])
    WITH ORDINALITY AS g(kanji, kana, roman, folded, place) ON g.place = drawn.given
JOIN unnest(%(affiliation)s::text[], %(affiliation_folded)s::text[])
    WITH ORDINALITY AS a(name, folded, place) ON a.place = drawn.affiliation
ORDER BY i
"""
STANDINGS = """
INSERT INTO standings (society_id, id, member_id, standing, starts_on, in_force_at, recorded_at, recorded_by)
SELECT m.society_id, gen_random_uuid(), m.id, s.standing, s.starts_on, now(), now(), ''
FROM (SELECT *, substr(number, 2)::bigint %% 100 AS part FROM members WHERE society_id = %(society)s) AS m,
    LATERAL (VALUES
        ('active', m.joined_on, true),
        ('left', date '2024-04-01', part < 10),
        ('on_leave', date '2025-04-01', part BETWEEN 10 AND 12),
        ('on_leave', date '2023-04-01', part BETWEEN 20 AND 22),
        ('active', date '2024-04-01', part BETWEEN 20 AND 22)
    ) AS s(standing, starts_on, here)
WHERE s.here
"""


def fill(database: psycopg.Connection[Any], n: int) -> dict[str, float]:
    """As the owner of the tables. The index of grams is made when all are there; says how long it took and its size."""
    definition = _one(database, "SELECT pg_get_indexdef('ix_members_search_grams'::regclass)")
    database.execute("DROP INDEX ix_members_search_grams")
    database.execute("SELECT setseed(0.42)")
    database.execute(MEMBERS, {"society": world.SOCIETY, "n": n, **_names()})
    database.execute(STANDINGS, {"society": world.SOCIETY})
    _check(database)
    database.execute("SET maintenance_work_mem = '256MB'")
    began = time.monotonic()
    database.execute(definition)
    took = time.monotonic() - began
    for table in ("members", "standings"):
        database.execute(f"VACUUM ANALYZE {table}")
    size = _one(database, "SELECT pg_relation_size('ix_members_search_grams') / 1048576.0")
    table = _one(database, "SELECT pg_table_size('members') / 1048576.0")
    return {"index_s": round(took, 1), "index_mib": round(float(size)), "table_mib": round(float(table))}


def _names() -> dict[str, Any]:
    found: dict[str, Any] = {"affiliation": list(AFFILIATIONS), "affiliation_folded": [fold(a) for a in AFFILIATIONS]}
    for which, names in (("family", FAMILIES), ("given", GIVEN_NAMES)):
        kanji, kana, roman = (list(column) for column in zip(*names, strict=True))
        found |= {
            f"{which}_kanji": kanji,
            f"{which}_kana": kana,
            f"{which}_roman": roman,
            f"{which}_folded": [fold(k) for k in kanji],
        }
    return {**found, "families": len(FAMILIES), "givens": len(GIVEN_NAMES), "affiliations": len(AFFILIATIONS)}


def _check(database: psycopg.Connection[Any]) -> None:
    """What is searched is what the service itself would have written."""
    rows = database.execute("SELECT name, kana, roman, number, email, affiliation, search FROM members LIMIT 500")
    for *fields, written in rows:
        assert search_text(*fields) == written, (fields, written)


def _one(database: psycopg.Connection[Any], query: str) -> Any:
    row = database.execute(query).fetchone()
    assert row is not None
    return row[0]
