"""The import of rosters 会員名簿: what comes in, and that the same file again changes nothing."""

from __future__ import annotations

from datetime import date

import pytest
import sqlalchemy as sa

from services.members.errors.files import RosterNotReady
from services.members.members import add_guest
from services.members.rosters.upload import confirm_roster
from shared.audit import AuditRow
from shared.messages.members import PersonChanged
from shared.service import RunningService
from tests.unit.members.conftest import (
    check,
    faults,
    import_all,
    members_of,
    said,
    with_account,
)
from tests.unit.members.roster_files import ENCODINGS, ROWS, roster


@pytest.mark.rule("M10")
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_roster_comes_in_whole_in_every_form(running: RunningService, society: str, encoding: str) -> None:
    done = import_all(running, society, ENCODINGS[encoding](roster(*ROWS)))
    assert (done.state, done.new, done.changed, done.same, done.faults) == ("imported", 2, 0, 0, 0)
    first, second = members_of(running, society)
    assert (first.number, first.name, first.kana, first.roman) == (
        "1",
        "髙橋 花子",
        "タカハシ ハナコ",
        "Hanako Takahashi",
    )
    assert (first.email, first.category, first.standing) == ("hanako@example.jp", "regular", "active")
    assert (first.joined_on, first.postcode, first.custom) == (date(2020, 4, 1), "100-0001", {"推薦者": "山田"})
    assert (second.name, second.kana, second.standing, second.joined_on) == (
        "山﨑 蓮",
        "ヤマザキ レン",
        "on_leave",
        date(2020, 4, 1),
    )
    assert (second.note, second.custom) == ("二人目", {})


@pytest.mark.rule("M10")
@pytest.mark.rule("M14")
def test_a_roster_brings_companies_and_makes_nobody_one(running: RunningService, society: str) -> None:
    header = "会員番号,氏名,会員種別,個人・法人"
    rows = ("1,海星商事,正会員,法人", "2,髙橋 花子,正会員,個人", "3,山﨑 蓮,正会員,")
    import_all(running, society, roster(*rows, header=header).encode())
    assert [row.kind for row in members_of(running, society)] == ["corporate", "individual", "individual"]
    again = check(running, society, roster("1,海星商事,正会員,", *rows[1:], header=header).encode())
    assert (again.same, again.faults) == (3, 0)
    wrong = check(running, society, roster("1,海星商事,正会員,個人", "4,新人,正会員,財団", header=header).encode())
    assert [(row, column) for row, column, _ in faults(running, society, wrong)] == [(2, "kind"), (3, "kind")]


@pytest.mark.rule("M10")
def test_rare_kanji_survive(running: RunningService, society: str) -> None:
    names = ["𠮷田 神", "髙﨑 邉", "濵田 祐", "葛󠄀城 辻"]
    text = roster(*(f"{i},{name},,,,正会員,,,,,,,," for i, name in enumerate(names)))
    import_all(running, society, text.encode())
    assert [row.name for row in members_of(running, society)] == names


@pytest.mark.rule("M10")
def test_headers_may_be_english_and_in_any_order(running: RunningService, society: str) -> None:
    header = "Name,Category,E-mail,Member number,Standing,Joined,Language"
    import_all(
        running,
        society,
        roster("Emily Carter,Regular member,e@example.org,7,Active,2024-10-01,English", header=header).encode(),
    )
    (row,) = members_of(running, society)
    assert (row.name, row.category, row.number, row.language) == ("Emily Carter", "regular", "7", "en")


@pytest.mark.rule("M10")
@pytest.mark.parametrize("encoding", ["cp932", "xlsx"])
def test_the_same_file_again_changes_nothing(running: RunningService, society: str, encoding: str) -> None:
    data = ENCODINGS[encoding](roster(*ROWS))
    import_all(running, society, data)
    before = [(row.id, row.revision) for row in members_of(running, society)]
    heard = len(said(running))
    again = check(running, society, data)
    assert (again.new, again.changed, again.same, again.can_be_imported) == (0, 0, 2, False)
    with pytest.raises(RosterNotReady), running.unit(society) as uow:
        confirm_roster(uow, again.id)
    assert [(row.id, row.revision) for row in members_of(running, society)] == before
    assert len(said(running)) == heard


@pytest.mark.rule("M10")
def test_the_dry_run_changes_nothing(running: RunningService, society: str) -> None:
    heard = len(said(running))
    done = check(running, society, roster(*ROWS).encode())
    assert (done.state, done.new) == ("checked", 2)
    assert members_of(running, society) == []
    assert len(said(running)) == heard


@pytest.mark.rule("M10")
def test_everybody_new_or_changed_is_announced_and_recorded(running: RunningService, society: str) -> None:
    import_all(running, society, roster(*ROWS).encode())
    import_all(running, society, roster(ROWS[0], ROWS[1].replace("山﨑 蓮", "山﨑 連")).encode())
    people = [message.person for message in said(running) if isinstance(message, PersonChanged)]
    assert [(p.number, p.name, p.revision, p.category_name) for p in people] == [
        ("1", "髙橋 花子", 1, "正会員"),
        ("2", "山﨑 蓮", 1, "学生会員"),
        ("2", "山﨑 連", 2, "学生会員"),
    ]
    with running.unit(society, reading=True) as uow:
        entry = uow.session.scalars(
            sa.select(AuditRow).order_by(AuditRow.id.desc()).where(AuditRow.before.is_not(None))
        ).first()
        assert (
            entry is not None
            and entry.before == {"name": "山﨑 蓮"}
            and entry.after
            and entry.after["name"] == "山﨑 連"
        )


@pytest.mark.rule("M10")
def test_what_a_file_does_not_mention_stays(running: RunningService, society: str) -> None:
    import_all(running, society, roster(*ROWS).encode())
    done = import_all(
        running, society, roster("1,髙橋 花子,正会員,新しい値", header="会員番号,氏名,会員種別,別の項目").encode()
    )
    assert (done.new, done.changed) == (0, 1)
    row = members_of(running, society)[0]
    assert (row.email, row.custom) == ("hanako@example.jp", {"推薦者": "山田", "別の項目": "新しい値"})


@pytest.mark.rule("M10")
def test_a_row_without_number_means_the_holder_of_its_address(running: RunningService, society: str) -> None:
    import_all(running, society, roster(*ROWS).encode())
    done = import_all(
        running, society, roster("髙橋 はな子,正会員,HANAKO@example.jp", header="氏名,会員種別,メールアドレス").encode()
    )
    assert (done.new, done.changed) == (0, 1)
    assert members_of(running, society)[0].name == "髙橋 はな子"


@pytest.mark.rule("M3")
def test_staff_who_stand_in_the_roster_become_members_with_the_same_account(
    running: RunningService, society: str, hashed: str
) -> None:
    with running.unit(society) as uow:
        guest = add_guest(uow, name="事務局", email="ren@example.jp")
    account = with_account(running, society, guest, hashed, ["administrator"])
    done = import_all(running, society, roster(*ROWS).encode())
    assert (done.new, done.changed) == (1, 1)
    row = next(row for row in members_of(running, society) if row.email == "ren@example.jp")
    assert (row.id, row.kind, row.number) == (guest.id, "individual", "2")
    assert account
