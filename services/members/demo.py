"""The demo society: staff, 300 members as a real roster has them, a few who can log in. Twice changes nothing."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa

from services.members.announcements.editing import add_announcement
from services.members.applications.terms import publish_terms
from services.members.demo_names import AFFILIATIONS, FAMILY_NAMES, FOREIGN, GIVEN_NAMES, PREFECTURES
from services.members.histories.settling import entry_values
from services.members.histories.tracks import TRACKS
from services.members.models import AccountRow, CategoryRow, MemberRow, NumberRow
from services.members.models.people import BLANK_PERSON, public_person
from services.members.passwords import hash_password
from services.members.search import search_text
from services.members.societies import create_society
from shared import clock, demo
from shared.db import insert_rows
from shared.ids import new_id
from shared.messages.members import PersonChanged
from shared.service import RunningService
from shared.society import SocietyRow
from shared.uow import UnitOfWork

MEMBERS = 300
STAFF = (
    ("admin@demo.example", "事務局 太郎", "ジムキョク タロウ", "administrator"),
    ("affairs@demo.example", "会員 係子", "カイイン カカリコ", "affairs"),
    ("accounting@demo.example", "会計 計介", "カイケイ ケイスケ", "accounting"),
    ("events@demo.example", "行事 実", "ギョウジ ミノル", "events"),
    ("reader@demo.example", "閲覧 見子", "エツラン ミコ", "reader"),
)
OPERATOR = ("operator@demo.example", "運用 守", "ウンヨウ マモル")
FIRST = {  # the names that other systems break are seen at once
    0: ("髙橋 花子", "タカハシ ハナコ", "Hanako Takahashi", "ja"),
    2: ("山﨑 蓮", "ヤマザキ レン", "Ren Yamazaki", "ja"),
    3: ("𠮷田 隆", "ヨシダ タカシ", "Takashi Yoshida", "ja"),
}
TERMS = """第1条　本会は、集いに関する研究の発展と会員相互の交流を目的とする。
第2条　本会の目的に賛同し、所定の手続きを経て承認された者を会員とする。
第3条　会員は、会員種別ごとに定める年会費を納めるものとする。
第4条　退会しようとする者は、会員マイページまたは書面により届け出るものとする。
第5条　本会は、会員の個人情報を会の運営のためにのみ用い、本人の同意なく第三者に提供しない。"""
TERMS_EN = """1. The society furthers the study of gatherings and the exchange among its members.
2. Whoever supports this and has been admitted is a member.
3. Members pay the annual fee of their category.
4. Whoever wishes to leave says so on My Page or in writing.
5. Personal data serve the running of the society alone and are given to nobody without consent."""
ANNOUNCEMENTS = (  # the last comes first
    {
        "title": "会員マイページの使い方",
        "title_en": "How to use My Page",
        "body": "会費のお支払い、領収書のダウンロード、登録情報の変更は、会員マイページで行えます。",
        "body_en": "Pay your dues, download receipts and keep your contact data up to date on My Page.",
    },
    {
        "title": "2026年度通常総会の開催について",
        "title_en": "General meeting 2026",
        "body": "通常総会を下記のとおり開催します。\n\n日時：2027年3月20日（土）13時\n会場：集い会館3階",
        "body_en": "The general meeting takes place on 20 March 2027 at 13:00, Tsudoi Hall, 3rd floor.",
    },
)
CAN_LOG_IN = ("member@demo.example", "member-en@demo.example", "student@demo.example", "honorary@demo.example")


def fill(running: RunningService) -> None:
    """Make the demo society, once."""
    with running.unit(demo.SOCIETY) as uow:
        if uow.session.get(SocietyRow, demo.SOCIETY):
            return
        create_society(
            uow,
            slug=demo.SLUG,
            name="日本集い学会",
            name_en="Tsudoi Society of Japan",
            email="office@demo.example",
            address="100-0001 東京都千代田区千代田1-1 集い会館3階",
            phone="03-0000-0000",
            registration_number="T7000012050002",
            registered_from=date(2023, 10, 1),
        )
        publish_terms(uow, text=TERMS, text_en=TERMS_EN)
        for announcement in ANNOUNCEMENTS:
            add_announcement(uow, {**announcement, "shown_from": uow.today})
        categories = {row.code: row for row in uow.session.scalars(sa.select(CategoryRow))}
        staff = [_guest(name, kana, email) for email, name, kana in (*(row[:3] for row in STAFF), OPERATOR)]
        people = [*staff, *_members()]
        rows = [{**person, **_system(uow, person)} for person in people]
        insert_rows(uow.session, MemberRow, rows)
        _begin_histories(uow, [row for row in rows if row["kind"] != "guest"])
        _open_accounts(uow, rows)
        uow.say_all(
            PersonChanged(person=public_person(r["id"], 1, MemberRow(**r), categories.get(r["category"]))) for r in rows
        )


def logins() -> Sequence[tuple[str, str, str]]:
    """(who, e-mail address, password) of the demo's accounts, for the greeting at the start."""
    roles = [(role, email, demo.PASSWORD) for email, _, _, role in STAFF]
    roles.append(("operator", OPERATOR[0], demo.PASSWORD))
    return [*roles, ("member", CAN_LOG_IN[0], demo.PASSWORD), ("member (English)", CAN_LOG_IN[1], demo.PASSWORD)]


def _members() -> Iterator[dict[str, Any]]:
    dice = random.Random(20260401)
    for place in range(MEMBERS):
        person = _foreign(place) if place % 30 == 1 else _japanese(dice)
        if place in FIRST:
            person = dict(zip(("name", "kana", "roman", "language"), FIRST[place], strict=True))
        category = _category(dice, place)
        joined = date(
            dice.randint(1985, 2025) if category != "student" else dice.randint(2022, 2025), dice.randint(1, 12), 1
        )
        leaves = date(2027, 3, 31) if place % 29 == 5 else date(2026, 9, 30) if place % 97 == 11 else None
        gone = leaves is not None and leaves < clock.today()
        prefecture, city, postcode, area = dice.choice(PREFECTURES)
        yield {
            **_guest(person["name"], person["kana"], f"m{place + 1:04d}@demo.example"),
            **person,
            "kind": "individual",
            "email": CAN_LOG_IN[place] if place < len(CAN_LOG_IN) else f"m{place + 1:04d}@demo.example",
            "number": f"{1001 + place}",
            "category": category,
            "standing": "left" if gone else "leaving" if leaves else "on_leave" if place % 61 == 17 else "active",
            "joined_on": joined,
            "leaves_on": leaves,
            "affiliation": dice.choice(AFFILIATIONS),
            "postcode": postcode,
            "address": f"{prefecture}{city}{dice.randint(1, 9)}-{dice.randint(1, 20)}-{dice.randint(1, 30)}",
            "phone": f"{area}-{dice.randint(200, 999)}-{dice.randint(0, 9999):04d}",
        }


def _category(dice: random.Random, place: int) -> str:
    if place < len(CAN_LOG_IN):
        return ("regular", "regular", "student", "honorary")[place]
    return dice.choices(("regular", "student", "honorary"), (78, 18, 4))[0]


def _japanese(dice: random.Random) -> dict[str, str]:
    (family, family_kana, family_roman), (given, given_kana, given_roman) = (
        dice.choice(FAMILY_NAMES),
        dice.choice(GIVEN_NAMES),
    )
    return {
        "name": f"{family} {given}",
        "kana": f"{family_kana} {given_kana}",
        "roman": f"{given_roman} {family_roman}",
        "language": "ja",
    }


def _foreign(place: int) -> dict[str, str]:
    name, kana = FOREIGN[(place // 30) % len(FOREIGN)]
    return {"name": name, "kana": kana, "roman": name, "language": "en"}


def _guest(name: str, kana: str, email: str) -> dict[str, Any]:
    return {**BLANK_PERSON, "kind": "guest", "name": name, "kana": kana, "email": email, "custom": {}}


def _system(uow: UnitOfWork, p: dict[str, Any]) -> dict[str, Any]:
    found = search_text(p["name"], p["kana"], p["roman"], p["number"], p["email"], p["affiliation"])
    return {
        "society_id": uow.society_id,
        "id": new_id(),
        "revision": 1,
        "changed_at": uow.now,
        "address_dead_at": None,
        "search": found,
    }


def _begin_histories(uow: UnitOfWork, rows: Sequence[dict[str, Any]]) -> None:
    for track in TRACKS:
        entries = (
            entry_values(uow, track, row["id"], entry)
            for row in rows
            for entry in track.first(MemberRow(**row), uow.today)
        )
        insert_rows(uow.session, track.rows, entries)
    numbers = ({"society_id": uow.society_id, "number": row["number"], "member_id": row["id"]} for row in rows)
    insert_rows(uow.session, NumberRow, numbers)


def _open_accounts(uow: UnitOfWork, rows: Sequence[dict[str, Any]]) -> None:
    hashed = hash_password(demo.PASSWORD)  # one for all: a second each would be a long wait
    people = {row["email"]: row["id"] for row in rows}
    roles = {email: [role] for email, _, _, role in STAFF} | {email: [] for email in CAN_LOG_IN}
    roles[OPERATOR[0]] = ["operator"]
    insert_rows(
        uow.session,
        AccountRow,
        (
            {
                "society_id": uow.society_id,
                "id": new_id(),
                "person_id": people[email],
                "password_hash": hashed,
                "roles": of_staff,
                "is_staff": bool(of_staff) and email != OPERATOR[0],
                "state": "active",
                "created_at": uow.now,
                "invited_at": None,
            }
            for email, of_staff in roles.items()
        ),
    )
