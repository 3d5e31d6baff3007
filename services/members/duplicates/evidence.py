"""What speaks for two members being one person, as SQL. E-mail addresses are compared nowhere: no two members have the
same, whatever its case, and other spellings (dots, +words) belong to other people at many hosts."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from shared.errors import N_


@dataclass(frozen=True)
class Reason:
    """`name`: as the API tells it. `bit` in the column of reasons; what it adds to the score."""

    name: str
    bit: int
    weight: int
    text: str


NAME = Reason("name", 1, 30, N_("Same name"))
KANA = Reason("kana", 2, 30, N_("Same reading"))
PHONE = Reason("phone", 4, 40, N_("Same telephone number"))
ADDRESS = Reason("address", 8, 20, N_("Same address"))
POSTCODE = Reason("postcode", 16, 10, N_("Same postal code"))
AFFILIATION = Reason("affiliation", 32, 10, N_("Same affiliation"))
BIRTH = Reason("birth", 64, 40, N_("Same date of birth"))
EMAIL = Reason("email", 128, 40, N_("Has an e-mail address that was taken off the other"))
REASONS = (NAME, KANA, PHONE, ADDRESS, POSTCODE, AFFILIATION, BIRTH, EMAIL)
OTHER_BIRTH = -50  # both are known, and differ
LIKELY = 40  # from this score on a pair is proposed
BIRTH_FIELDS = ("生年月日", "誕生日", "birth_date", "Date of birth")  # custom fields in which societies keep it


def reasons_in(bits: int) -> Sequence[Reason]:
    return [reason for reason in REASONS if bits & reason.bit]


class _first_line(FunctionElement[str]):  # noqa: N801  (a function in SQL)
    type = sa.String()
    inherit_cache = True


@compiles(_first_line, "postgresql")
def _split(element: Any, compiler: Any, **options: Any) -> str:
    return f"split_part({compiler.process(element.clauses, **options)}, chr(10), 1)"


@compiles(_first_line, "sqlite")
def _cut(element: Any, compiler: Any, **options: Any) -> str:
    text = compiler.process(element.clauses, **options)
    return f"substr({text}, 1, instr({text} || char(10), char(10)) - 1)"


def name_of(m: Any) -> sa.ColumnElement[str]:
    """Folded: no spaces, one width, common kanji for variants, as the search has it (it begins with the name)."""
    return _said(_first_line(m.search))


def kana_of(m: Any) -> sa.ColumnElement[str]:
    return _said(_without(m.kana, " \u3000・"))


def phone_of(m: Any) -> sa.ColumnElement[str]:
    """Its digits; +81 90 is 090."""
    digits = _without(m.phone, "- ().")
    return _said(sa.case((digits.startswith("+81"), sa.literal("0") + sa.func.substr(digits, 4)), else_=digits))


def address_of(m: Any) -> sa.ColumnElement[str]:
    return _said(_without(m.address, " \u3000"))


def affiliation_of(m: Any) -> sa.ColumnElement[str]:
    return _said(_without(m.affiliation, " \u3000"))


def postcode_of(m: Any) -> sa.ColumnElement[str]:
    return _said(m.postcode)


def birth_of(m: Any) -> sa.ColumnElement[str]:
    as_stored = (json.dumps(name)[1:-1] for name in BIRTH_FIELDS)  # SQLite compares names as they are written
    said = (_said(m.custom[name].as_string()) for name in dict.fromkeys((*BIRTH_FIELDS, *as_stored)))
    return sa.func.replace(sa.func.coalesce(*said), "/", "-", type_=sa.String())


def proofs(a: Any, b: Any) -> tuple[sa.ColumnElement[int], sa.ColumnElement[int]]:
    """Score and reasons of a pair."""
    compared = {
        NAME: name_of,
        KANA: kana_of,
        PHONE: phone_of,
        ADDRESS: address_of,
        POSTCODE: postcode_of,
        AFFILIATION: affiliation_of,
        BIRTH: birth_of,
    }
    score: Any = sa.case((birth_of(a) != birth_of(b), OTHER_BIRTH), else_=0)
    bits: Any = sa.literal(0)
    for reason, said in compared.items():
        score = score + sa.case((said(a) == said(b), reason.weight), else_=0)
        bits = bits + sa.case((said(a) == said(b), reason.bit), else_=0)
    return score, bits


def _said(text: Any) -> sa.ColumnElement[str]:
    return sa.func.nullif(text, "", type_=sa.String())


def _without(text: Any, characters: str) -> Any:
    for character in characters:
        text = sa.func.replace(text, character, "", type_=sa.String())
    return text
