"""What happens between the check of a roster and its import, and after it."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from services.members.categories import list_categories
from services.members.custom_fields.defining import add_field, change_field, remove_field
from services.members.errors.files import FieldsOutdated, RosterNotReady, RosterOutdated
from services.members.export import Export
from services.members.members import change_member
from services.members.models import MemberRow, RosterPartRow, RosterRow, StagedRow
from services.members.rosters import importing, upload
from services.members.rosters.upload import confirm_roster, discard_roster
from services.members.search import matching
from services.members.standings.words import STANDINGS
from shared import clock, jobs
from shared.identity import Role
from shared.jobs import JobRow
from shared.service import RunningService
from shared.tables import write_csv
from shared.uow import UnitOfWork
from shared.web.i18n import translate
from tests.unit.members.conftest import (
    a_member,
    check,
    faults,
    histories,
    import_all,
    make_society,
    members_of,
    roster_now,
    today,
    with_account,
    work,
)
from tests.unit.members.fields import define, definition
from tests.unit.members.roster_files import ROWS, roster


def check_again_and_import(running: RunningService, society: str, roster: str) -> None:
    for step in (upload.check_again, confirm_roster):
        with running.unit(society) as uow:
            step(uow, roster)
        work(running)


@pytest.mark.rule("M10")
def test_a_member_who_changed_after_the_check_stops_the_whole_import(running: RunningService, society: str) -> None:
    import_all(running, society, roster(*ROWS).encode())
    changed = roster(ROWS[0].replace("集い大学", "北辰大学"), ROWS[1], "3,新人,,,,正会員,,,,,,,,")
    done = check(running, society, changed.encode())
    with running.unit(society) as uow:
        change_member(uow, members_of(running, society)[0].id, {"phone": "03-0000-0000"})
    with running.unit(society) as uow:
        job = confirm_roster(uow, done.id)
    work(running)
    with running.unit(society, reading=True) as uow:
        assert jobs.look(uow, job.id).error == RosterOutdated.text
    assert roster_now(running, society, done.id).state == "checked"
    assert [row.number for row in members_of(running, society)] == ["1", "2"]
    check_again_and_import(running, society, done.id)
    assert next((row.number, row.phone) for row in members_of(running, society)) == ("1", "03-1234-5678")
    assert len(members_of(running, society)) == 3


@pytest.mark.rule("M10")
@pytest.mark.parametrize("meanwhile", ["changed", "removed", "added"])
def test_a_field_that_changed_after_the_check_stops_the_whole_import(
    running: RunningService, society: str, meanwhile: str
) -> None:
    field = define(running, society, "journal")[0].id if meanwhile != "added" else None
    done = check(running, society, "会員番号,氏名,会員種別,学会誌の郵送\n1,新人,正会員,はい".encode())
    with running.unit(society) as uow:
        if field is None:
            add_field(uow, definition("journal"))
        elif meanwhile == "changed":
            change_field(uow, field, definition("journal", label="学会誌", label_en="Journal"))
        else:
            remove_field(uow, field)
    for _ in range(2):  # not the second time either
        with running.unit(society) as uow:
            job = confirm_roster(uow, done.id)
        work(running)
        with running.unit(society, reading=True) as uow:
            assert jobs.look(uow, job.id).error == FieldsOutdated.text
    assert members_of(running, society) == []
    check_again_and_import(running, society, done.id)
    assert [row.custom for row in members_of(running, society)] == [
        {"journal": "yes"} if meanwhile == "added" else {"学会誌の郵送": "はい"}
    ]


@pytest.mark.rule("M10")
def test_a_change_while_the_import_runs_is_never_overwritten(
    running: RunningService, society: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import_all(running, society, roster(*ROWS).encode())
    done = check(running, society, roster(ROWS[0].replace("集い大学", "北辰大学"), ROWS[1]).encode())
    first = members_of(running, society)[0].id

    def somebody_is_quicker(uow: UnitOfWork, _roster_id: str) -> bool:
        uow.session.execute(sa.update(MemberRow).where(MemberRow.id == first).values(revision=MemberRow.revision + 1))
        return False

    monkeypatch.setattr(importing, "_is_outdated", somebody_is_quicker)
    with running.unit(society) as uow:
        job = confirm_roster(uow, done.id)
    work(running)
    with running.unit(society, reading=True) as uow:
        assert jobs.look(uow, job.id).error == RosterOutdated.text
    assert members_of(running, society)[0].affiliation == "集い大学"


@pytest.mark.rule("M10")
def test_a_number_that_was_given_after_the_check_stops_the_whole_import(running: RunningService, society: str) -> None:
    done = check(running, society, roster(*ROWS).encode())
    a_member(running, society, number="2")
    with running.unit(society) as uow:
        confirm_roster(uow, done.id)
    work(running)
    assert [row.number for row in members_of(running, society)] == ["2"]


def test_nothing_of_the_file_is_left_after_the_import(running: RunningService, society: str) -> None:
    import_all(running, society, roster(*ROWS).encode())
    with running.unit(society, reading=True) as uow:
        assert uow.session.scalars(sa.select(RosterPartRow.id)).all() == []
        assert uow.session.scalars(sa.select(StagedRow.id)).all() == []


def test_a_discarded_roster_leaves_nothing(running: RunningService, society: str) -> None:
    done = check(running, society, roster(*ROWS).encode())
    with running.unit(society) as uow:
        discard_roster(uow, done.id)
    with running.unit(society, reading=True) as uow:
        assert uow.get(RosterRow, done.id).state == "discarded"
        assert uow.session.scalars(sa.select(StagedRow.id)).all() == []
    with pytest.raises(RosterNotReady), running.unit(society) as uow:
        confirm_roster(uow, done.id)


@pytest.mark.rule("O3")
def test_societies_do_not_see_each_others_numbers(running: RunningService, society: str) -> None:
    other = make_society(running, "hokushin")
    import_all(running, other, roster(*ROWS).encode())
    done = import_all(running, society, roster(*ROWS).encode())
    assert (done.new, done.faults) == (2, 0)
    with running.unit(other, reading=True) as uow:
        assert uow.session.scalar(sa.select(sa.func.count()).select_from(MemberRow)) == 2


def test_an_export_read_in_again_changes_nothing(running: RunningService, society: str) -> None:
    import_all(running, society, roster(*ROWS, "=3,山田,,,,正会員,退会予定,,,,,,=1+1,").encode())
    for language in ("ja", "en"):
        with running.unit(society, reading=True) as uow:
            names = {row.code: row.name_in(language) for row in list_categories(uow)}
            words = {
                code: translate(text, language=language, package="services.members") for code, text in STANDINGS.items()
            }
            export = Export(uow, matching(), language=language, category=names.__getitem__, standing=words.__getitem__)
            data = b"".join(write_csv(export.headers, export.rows()))
        again = check(running, society, data)
        assert (again.same, again.changed, again.new, again.faults) == (3, 0, 0, 0), faults(running, society, again)


@pytest.mark.rule("S37")
def test_a_roster_does_not_move_the_address_of_staff(running: RunningService, society: str, hashed: str) -> None:
    chief = a_member(running, society, number="1", email="admin@example.jp")
    with_account(running, society, chief, hashed, [Role.ADMINISTRATOR.value])
    found = check(running, society, roster("1,髙橋 花子,,,elsewhere@example.jp,正会員,在会,,,,,,,").encode())
    assert not found.can_be_imported
    ((row, column, _text),) = faults(running, society, found)
    assert (row, column) == (2, "email")


@pytest.mark.rule("M5")
@pytest.mark.rule("M10")
def test_standings_of_a_roster_become_entries_of_the_history(running: RunningService, society: str) -> None:
    """New ones with what is known of them; later changes from today on, what was scheduled gives way."""
    day = today(running, society)
    header = "会員番号,氏名,会員種別,会員状況,入会日,退会予定日"
    first = (
        "1,在会 者,正会員,在会,2020-04-01,",
        "2,休会 者,正会員,休会,2020-04-01,",
        "3,予定 者,正会員,退会予定,2020-04-01,2031-03-31",
        "4,退会 者,正会員,退会,2020-04-01,2025-03-31",
    )
    import_all(running, society, roster(*first, header=header).encode())
    assert histories(running, society) == {
        "在会 者": [("active", date(2020, 4, 1))],
        "休会 者": [("on_leave", day)],
        "予定 者": [("leaving", day), ("left", date(2031, 4, 1))],
        "退会 者": [("left", date(2025, 4, 1))],
    }
    again = check(running, society, roster(*first, header=header).encode())
    assert (again.same, again.changed, again.faults) == (4, 0, 0)
    later = (
        "1,在会 者,正会員,退会予定,2020-04-01,2030-03-31",
        "2,休会 者,正会員,在会,2020-04-01,",
        "3,予定 者,正会員,退会予定,2020-04-01,2032-03-31",
        "4,退会 者,正会員,在会,2020-04-01,",
    )
    assert import_all(running, society, roster(*later, header=header).encode()).changed == 4
    assert histories(running, society) == {
        "在会 者": [("active", date(2020, 4, 1)), ("leaving", day), ("left", date(2030, 4, 1))],
        "休会 者": [("active", date(2020, 4, 1))],
        "予定 者": [("leaving", day), ("left", date(2032, 4, 1))],
        "退会 者": [("left", date(2025, 4, 1)), ("active", day)],
    }


@pytest.mark.rule("M10")
def test_a_roster_corrects_when_somebody_left(running: RunningService, society: str) -> None:
    header = "会員番号,氏名,会員種別,会員状況,退会予定日"
    for last in ("2025-03-31", "2025-09-30"):
        import_all(running, society, roster(f"1,退会 者,正会員,退会,{last}", header=header).encode())
    assert histories(running, society) == {"退会 者": [("left", date(2025, 10, 1))]}


@pytest.mark.rule("M10")
def test_an_old_contradiction_that_a_roster_does_not_touch_is_no_fault(running: RunningService, society: str) -> None:
    row = a_member(running, society, name="旧 データ", number="1")
    with running.unit(society) as uow:
        uow.get(MemberRow, row.id).leaves_on = date(2020, 3, 31)
    told = check(running, society, roster("1,旧 データ改,正会員", header="会員番号,氏名,会員種別").encode())
    assert (told.faults, told.changed) == (0, 1)


@pytest.mark.rule("M10")
def test_a_standing_and_a_last_day_that_contradict_each_other_are_faults(running: RunningService, society: str) -> None:
    header = "会員番号,氏名,会員種別,会員状況,退会予定日"
    rows = ("1,A,正会員,在会,2020-03-31", "2,B,正会員,退会,2099-03-31", "3,C,正会員,退会予定,2099-03-31")
    found = faults(running, society, check(running, society, roster(*rows, header=header).encode()))
    assert [(row, column) for row, column, _ in found] == [(2, "standing"), (3, "leaves_on")]


@pytest.mark.rule("M10")
def test_a_last_day_that_passes_between_check_and_import_is_checked_again(
    running: RunningService, society: str
) -> None:
    day = today(running, society)
    data = roster(f"1,退会 予定,正会員,退会予定,{day}", header="会員番号,氏名,会員種別,会員状況,退会予定日")
    done = check(running, society, data.encode())
    assert done.faults == 0
    with clock.travel(by=timedelta(days=1)):
        with running.unit(society) as uow:
            confirm_roster(uow, done.id)
        work(running)
    assert (roster_now(running, society, done.id).state, members_of(running, society)) == ("checked", [])


@pytest.mark.rule("M10")
def test_a_last_day_that_a_roster_leaves_open_is_not_forgotten(running: RunningService, society: str) -> None:
    header = "会員番号,氏名,会員種別,会員状況,退会予定日"
    import_all(running, society, roster("1,退会 者,正会員,退会,2025-03-31", header=header).encode())
    again = check(running, society, roster("1,退会 者,正会員,退会,", header=header).encode())
    assert (again.same, again.changed) == (1, 0)


@pytest.mark.rule("M10")
def test_a_file_whose_import_died_can_be_checked_again(running: RunningService, society: str) -> None:
    done = check(running, society, roster(*ROWS).encode())
    with running.unit(society) as uow:
        job = confirm_roster(uow, done.id)
    with running.unit(society) as uow:
        uow.get(JobRow, job.id).state = "failed"
    with running.unit(society) as uow:
        upload.check_again(uow, done.id)
    work(running)
    assert roster_now(running, society, done.id).state == "checked"
