"""The same on PostgreSQL, as the service's own role: import, login, links; and row-level security behind it all."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command

from services.members.applications.deciding import admit
from services.members.applications.terms import publish_terms
from services.members.custom_fields.defining import remove_field
from services.members.errors.people import EmailInUse
from services.members.histories.bulk import look_at_change, start_change
from services.members.histories.coming import let_standings_come
from services.members.histories.tracks import STANDING
from services.members.invitations import start_invitations
from services.members.members import add_member, change_member
from services.members.models import Base, MemberRow
from services.members.numbers.assigning import start_numbering
from services.members.password_requests import answer_requests
from services.members.records.by_hand import add_record, change_record
from services.members.records.kinds import list_kinds
from services.members.rosters.differences import all_compared, staged_rows
from services.members.rosters.upload import confirm_roster
from services.members.search import matching
from services.members.search_conditions import MemberSearch
from services.members.selections import choose
from services.members.service import SERVICE
from shared import clock
from shared.db import make_engine
from shared.ids import new_id
from shared.messages.members import PasswordResetStarted, PersonChanged
from shared.migrations import config_for
from shared.service import RunningService
from shared.society import SocietyOwned
from shared.web.app import create_app
from tests.servers.plugin import FreshDatabase
from tests.unit.members import conftest
from tests.unit.members import test_applying as applying
from tests.unit.members.conftest import (
    a_member,
    check,
    faults,
    histories,
    import_all,
    log_in,
    make_society,
    members_of,
    post,
    said,
    with_account,
    work,
)
from tests.unit.members.fields import define
from tests.unit.members.roster_files import ROWS, roster
from tests.unit.members.test_searching import indexed


@pytest.fixture
def running(fresh_database: FreshDatabase, tmp_path: Path) -> Iterator[RunningService]:
    started = conftest.start(fresh_database("members", migrated=True).app_url, tmp_path)
    yield started
    started.stop()


@pytest.mark.rule("M10")
def test_a_roster_comes_in_and_again_changes_nothing(running: RunningService, society: str) -> None:
    done = import_all(running, society, roster(*ROWS).encode("cp932"))
    assert (done.state, done.new) == ("imported", 2)
    again = check(running, society, roster(*ROWS).encode("cp932"))
    assert (again.same, again.changed, again.faults) == (2, 0, 0)
    changed = import_all(running, society, roster(ROWS[0].replace("集い大学", "北辰大学"), ROWS[1]).encode())
    assert (changed.state, changed.changed) == ("imported", 1)
    first = members_of(running, society)[0]
    assert (first.affiliation, first.revision, first.name) == ("北辰大学", 2, "髙橋 花子")
    told = [message.person.revision for message in said(running) if isinstance(message, PersonChanged)]
    assert told == [1, 1, 2]


@pytest.mark.rule("M1")
@pytest.mark.rule("M2")
def test_somebody_applies_and_is_admitted(running: RunningService, society: str) -> None:
    with running.unit(society) as uow:
        publish_terms(uow, text="会員規約")
    client = create_app(running).test_client()
    older, newer = (applying.link_of(running, client) for _ in range(2))
    assert applying.reason(client, older) == "superseded"
    assert applying.send(client, newer).status_code == 303
    assert applying.reason(client, newer) == "used"
    (member,) = members_of(running, society)
    with running.unit(society) as uow:
        admit(uow, [member.id], joined_on=uow.today)
    assert [row.standing for row in members_of(running, society)] == ["active"]


@pytest.mark.rule("M10")
def test_faults_and_doubles_are_found(running: RunningService, society: str) -> None:
    rows = ("1,A,,,a@example.jp,謎,,,,,,,,", "1,B,,,a@example.jp,正会員,,2021-02-30,,,,,,")
    found = faults(running, society, check(running, society, roster(*rows).encode()))
    assert [(row, column) for row, column, _ in found] == [
        (2, "category"),
        (3, "joined_on"),
        (3, "number"),
        (3, "email"),
    ]


@pytest.mark.rule("M10")
def test_what_no_database_stores_is_told_by_row_and_column(running: RunningService, society: str) -> None:
    lines = (ROWS[0].replace("髙橋 花子", "髙橋\0花子"), ROWS[1].replace("二人目", "二人\0目"))
    done = check(running, society, roster(*lines).encode())
    told = "This cell holds an unprintable character."
    assert (done.state, faults(running, society, done)) == ("checked", [(2, "name", told), (3, "note", told)])
    header = check(running, society, b"\0No.,Name,Category\n1,a,regular\n")
    assert header.state == "checked"


@pytest.mark.rule("M10")
def test_an_outdated_roster_imports_nothing(running: RunningService, society: str) -> None:
    done = check(running, society, roster(*ROWS).encode())
    a_member(running, society, number="2")
    with running.unit(society) as uow:
        confirm_roster(uow, done.id)
    work(running)
    assert [row.number for row in members_of(running, society)] == ["2"]


@pytest.mark.rule("M16")
def test_a_record_is_added_by_hand_once(running: RunningService, society: str) -> None:
    member = a_member(running, society)
    with running.unit(society) as uow:
        given = {"kind_id": list_kinds(uow)[0].id, "title": "論文賞", "starts_on": date(2026, 4, 1)}
        first = add_record(uow, member.id, given)
        assert add_record(uow, member.id, given).id == first.id
        changed = change_record(uow, first.id, {**given, "title": "功労賞"})
        assert (changed.id, changed.title) == (first.id, "功労賞")


@pytest.mark.rule("M11")
def test_login_throttle_and_links(running: RunningService, society: str, hashed: str) -> None:
    row = a_member(running, society, email="hanako@example.jp")
    with_account(running, society, row, hashed)
    app = create_app(running)
    browser = app.test_client()
    assert [log_in(browser, "hanako@example.jp", "wrong password").status_code for _ in range(11)] == [401] * 10 + [429]
    post(browser, "/members/password", email="hanako@example.jp")
    answer_requests(running)
    (message,) = (m for m in said(running) if isinstance(m, PasswordResetStarted))
    new = "another long password"
    assert post(browser, message.link.removeprefix("http://localhost"), password=new, again=new).status_code == 303
    assert browser.get("/members/my/").status_code == 200
    assert log_in(app.test_client(), "hanako@example.jp", new).status_code in (303, 429)


def test_invitations_go_out_in_bulk(running: RunningService, society: str) -> None:
    for number in range(3):
        a_member(running, society, number=str(number), email=f"m{number}@example.jp")
    with running.unit(society) as uow:
        start_invitations(uow)
    work(running)
    assert len([m for m in said(running) if isinstance(m, PasswordResetStarted)]) == 3


@pytest.mark.rule("M9")
def test_search_finds_kanji_and_kana(running: RunningService, society: str) -> None:
    a_member(running, society, kana="タカハシ ハナコ")
    a_member(running, society, name="山田 太郎")
    with running.unit(society, reading=True) as uow:
        for query in ("高橋", "ﾀｶﾊｼ", "たかはし 花子", "花"):
            assert [row.name for row in uow.session.scalars(matching(MemberSearch(q=query)))] == ["髙橋 花子"], query


@pytest.mark.rule("M9")
@pytest.mark.rule("S3")
def test_what_is_searched_is_of_one_society_and_indexed_as_it_is_asked_for(
    running: RunningService, society: str
) -> None:
    a_member(running, make_society(running, "hokushin"), name="山田 太郎")
    mine = a_member(running, society, roman="Hanako Takahashi", email="h@example.jp", affiliation="集い大学 理学部")
    with running.unit(society, reading=True) as uow:
        assert uow.session.scalars(sa.text("SELECT search FROM searched_members")).all() == [mine.search]
        (found,) = uow.session.scalars(sa.text("SELECT search_grams(search) FROM searched_members")).all()
        assert set(found) == indexed(mine.search)
    with running.session(reading=True) as session:
        assert session.execute(sa.text("SELECT count(*) FROM searched_members")).scalar_one() == 0, "no society, nobody"
    for deed in ("UPDATE searched_members SET kana = 'x'", "DELETE FROM searched_members"):
        with pytest.raises(sa.exc.ProgrammingError, match="permission denied"), running.unit(society) as uow:
            uow.session.execute(sa.text(deed))


@pytest.mark.rule("M3")
def test_the_database_itself_keeps_addresses_unique(running: RunningService, society: str) -> None:
    a_member(running, society, email="a@example.jp")
    other = a_member(running, society, email="b@example.jp")
    with pytest.raises(EmailInUse), running.unit(society) as uow:
        change_member(uow, other.id, {"email": "A@example.jp"})
    with pytest.raises(EmailInUse), running.unit(society) as uow:
        add_member(uow, {"name": "x", "email": "a@EXAMPLE.jp"})


@pytest.mark.rule("S3")
@pytest.mark.rule("O3")
def test_the_wall_behind_the_filter_holds(running: RunningService, society: str) -> None:
    """Raw SQL without any filter sees the current society only, and cannot write into another."""
    a_member(running, society, email="m@example.jp")
    other = make_society(running, "hokushin")
    owned = [mapper.local_table.name for mapper in Base.registry.mappers if issubclass(mapper.class_, SocietyOwned)]  # type: ignore[attr-defined]
    with running.unit(other, reading=True) as uow:
        for table in owned:
            mine = f"SELECT count(*) FROM {table} WHERE society_id <> CAST(:mine AS uuid)"
            assert uow.session.execute(sa.text(mine), {"mine": other}).scalar_one() == 0, table
    with pytest.raises(sa.exc.ProgrammingError), running.unit(other) as uow:
        values = {"society_id": society, "id": new_id(), "name": "x", "changed_at": uow.now, "revision": 1}
        uow.session.execute(sa.insert(MemberRow.__table__).values(**values))  # type: ignore[arg-type]


@pytest.mark.rule("M5")
@pytest.mark.rule("M6")
def test_many_standings_change_and_come_on_their_day(running: RunningService, society: str) -> None:
    data = roster(*(f"{n},会員 {n},,,,正会員,在会,2020-04-01,,,,,," for n in range(1, 31)))
    import_all(running, society, data.encode())
    with running.unit(society) as uow:
        selection = choose(uow, matching())
        begins = uow.today + timedelta(days=40)
        start_change(uow, STANDING, selection, "on_leave", begins)
    work(running)
    assert {tuple(history) for history in histories(running, society).values()} == {
        (("active", date(2020, 4, 1)), ("on_leave", begins))
    }
    with running.unit(society, reading=True) as uow:
        assert look_at_change(uow, STANDING, selection, "left", begins).in_the_way == 30
        assert len(uow.session.scalars(matching(MemberSearch(standing=("on_leave",), on=begins))).all()) == 30
    with clock.travel(by=timedelta(days=40)), running.unit(society) as uow:
        let_standings_come(uow)
    assert {row.standing for row in members_of(running, society)} == {"on_leave"}


@pytest.mark.rule("M7")
def test_many_are_numbered_and_differ_from_a_file(running: RunningService, society: str) -> None:
    """More than a dozen: written and compared in the way that is only PostgreSQL's."""
    header, names = "氏名,会員種別,メールアドレス,所属,推薦者", [f"会員 {n:02}" for n in range(30)]
    rows = [f"{name},正会員,m{n}@example.jp,集い大学,山田" for n, name in enumerate(names)]
    import_all(running, society, roster(*rows, header=header).encode())
    with running.unit(society) as uow:
        start_numbering(uow, choose(uow, matching(), sort="kana"), {"": 101})
    work(running)
    numbered = members_of(running, society)
    assert [row.number for row in numbered] == [str(number) for number in range(101, 131)]
    assert {(row.revision, row.custom["推薦者"]) for row in numbered} == {(2, "山田")}
    told = {message.person.number for message in said(running) if isinstance(message, PersonChanged)}
    assert told == {None, *(row.number for row in numbered)}
    with running.unit(society, reading=True) as uow:
        assert uow.session.scalars(matching(MemberSearch(q="115"))).one().number == "115"
    later = [row.replace("集い大学", "北辰大学").replace("山田", "鈴木") for row in rows]
    done = check(running, society, roster(*later, header=header).encode())
    assert done.differing == {"affiliation": 30, "custom.推薦者": 30}
    with running.unit(society, reading=True) as uow:
        found = staged_rows(done.id, action="changed", field="custom.推薦者", q="会員 115")
        (row,) = all_compared(uow, found)
    assert (row.number, [(each.before, each.after) for each in row.differences]) == (
        "115",
        [("集い大学", "北辰大学"), ("山田", "鈴木")],
    )


@pytest.mark.rule("M5")
def test_those_who_were_there_before_get_a_history_by_the_migration(
    fresh_database: FreshDatabase, tmp_path: Path
) -> None:
    database = fresh_database("members")
    config = config_for(SERVICE, database.owner_url)
    command.upgrade(config, "members_0002")
    engine = make_engine(database.owner_url, pool_size=1)
    common = "revision, changed_at, kana, roman, language, affiliation, postcode, address, phone, note, custom, search"
    values = "1, '2026-05-31T16:00:00Z', '', '', 'ja', '', '', '', '', '', '{}', ''"
    columns = f"society_id, id, kind, name, standing, joined_on, leaves_on, {common}"
    people = (
        ("individual", "在会", "active", "'2020-04-01'", "NULL"),
        ("individual", "休会", "on_leave", "'2020-04-01'", "NULL"),
        ("individual", "退会", "left", "'2020-04-01'", "'2025-03-31'"),
        ("individual", "予定", "leaving", "NULL", "'2099-03-31'"),
        ("individual", "在会 予定日", "active", "'2020-04-01'", "'2099-03-31'"),
        ("guest", "職員", "active", "NULL", "NULL"),
    )
    society = new_id()
    with engine.begin() as connection:
        for kind, name, standing, joined, leaves in people:
            row = f"'{society}', '{new_id()}', '{kind}', '{name}', '{standing}', {joined}, {leaves}, {values}"
            connection.execute(sa.text(f"INSERT INTO members ({columns}) VALUES ({row})".replace(":", r"\:")))
    command.upgrade(config, "heads")
    started = conftest.start(database.app_url, tmp_path)
    assert histories(started, society) == {
        "在会": [("active", date(2020, 4, 1))],
        "休会": [("on_leave", date(2026, 6, 1))],
        "退会": [("left", date(2025, 4, 1))],
        "予定": [("leaving", date(2026, 6, 1)), ("left", date(2099, 4, 1))],
        "在会 予定日": [("active", date(2020, 4, 1)), ("left", date(2099, 4, 1))],
    }
    with engine.connect() as connection:
        scheduled = "SELECT standing FROM standings WHERE in_force_at IS NULL"
        assert connection.execute(sa.text(scheduled)).scalars().all() == ["left"] * 2
    engine.dispose()
    started.stop()


@pytest.mark.rule("M2")
@pytest.mark.rule("M9")
def test_custom_fields_are_found_by_an_index_and_go_with_their_values(running: RunningService, society: str) -> None:
    color = next(field for field in define(running, society) if field.key == "color")
    values = {"color": "red", "colors": ["red", "green"], "birth_date": "1980-04-01", "specialty": "Chem"}
    a_member(running, society, custom=values)
    a_member(running, society, name="山田 太郎", custom={"color": "green", "journal": "yes"})
    asked = {
        "髙橋 花子": ["color:red", "colors:green", "birth_date<=1980-04-01", "specialty~chem"],
        "山田 太郎": ["color:green", "journal:yes"],
    }
    with running.unit(society, reading=True) as uow:
        for name, conditions in asked.items():
            for condition in conditions:
                found = uow.session.scalars(matching(MemberSearch(custom=(condition,))))
                assert [row.name for row in found] == [name], condition
        index = "SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass('ix_members_custom')"
        assert uow.session.execute(sa.text(index)).scalar_one(), "for a million members"
    with running.unit(society) as uow:
        assert remove_field(uow, color.id, values=2) == 2
    work(running)
    assert all("color" not in row.custom and row.revision == 2 for row in members_of(running, society))
