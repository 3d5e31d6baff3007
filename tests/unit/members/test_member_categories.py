"""The category of a member has a history, like the standing: from a day on, scheduled, for many at once (M8)."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from services.members.categories import add_category, remove_category
from services.members.errors.histories import NoCategoryToday
from services.members.errors.people import CategoryInUse
from services.members.histories.categories import change_category_of
from services.members.histories.changing import history_of, remove_entry
from services.members.histories.coming import begin_histories, let_categories_come
from services.members.histories.tracks import CATEGORY
from services.members.members import change_member
from services.members.models import CategoryEntryRow, MemberRow
from services.members.rosters.upload import confirm_roster
from services.members.standings.history import change_standing
from shared import clock
from shared.audit import AuditRow
from shared.errors import InvalidInput
from shared.identity import Role
from shared.ids import new_id
from shared.messages.members import PersonChanged
from shared.service import RunningService
from tests.unit.members.conftest import (
    LogIn,
    a_member,
    check,
    import_all,
    members_of,
    post,
    roster_now,
    said,
    short,
    today,
    work,
)
from tests.unit.members.roster_files import roster

DAY = timedelta(days=1)
JOINED = date(2022, 4, 1)
APRIL = date(2027, 4, 1)
LIST = "/members/console/members"


@pytest.fixture
def office(as_role: LogIn) -> FlaskClient:
    return as_role(Role.AFFAIRS)


@pytest.fixture
def student(running: RunningService, society: str) -> MemberRow:
    return a_member(running, society, name="学生 花子", number="1", category="student", joined_on=JOINED)


def page_of(member: MemberRow) -> str:
    return f"{LIST}/{member.id}/categories"


def history(running: RunningService, society: str, member: MemberRow) -> list[tuple[str, date]]:
    """Oldest first."""
    with running.unit(society, reading=True) as uow:
        return [(e.value, e.starts_on) for e in sorted(map(CATEGORY.entry, history_of(uow, CATEGORY, member.id)))]


def on(day: date, running: RunningService, society: str) -> None:
    """Half a day into it the ticker has been there, twice."""
    with clock.travel(to=clock.end_of(day - DAY, clock.TOKYO) + DAY / 2):
        for _ in range(2):
            with running.unit(society) as uow:
                let_categories_come(uow)


def categories_told(running: RunningService) -> list[str | None]:
    return [message.person.category for message in said(running) if isinstance(message, PersonChanged)]


@pytest.mark.rule("M8")
def test_a_change_of_today_is_told_recorded_and_shown(
    running: RunningService, society: str, office: FlaskClient, student: MemberRow
) -> None:
    page, day = page_of(student), today(running, society)
    assert post(office, page, page=page, category="regular", starts_on=day.isoformat()).status_code == 303
    assert history(running, society, student) == [("student", JOINED), ("regular", day)]
    assert members_of(running, society)[0].category == "regular"
    assert categories_told(running) == ["student", "regular"]
    with running.unit(society, reading=True) as uow:
        entry = uow.session.scalars(sa.select(AuditRow).where(AuditRow.action == "change-member-category")).one()
    assert entry.after == {"category": "regular", "categories": f"{day} regular"}
    of_member = office.get(f"{LIST}/{student.id}").text
    assert f"{day} 正会員" in of_member and "regular" not in of_member


@pytest.mark.rule("M8")
def test_students_become_regular_members_on_the_first_of_april_by_themselves(
    running: RunningService, society: str, office: FlaskClient, student: MemberRow
) -> None:
    page = page_of(student)
    assert post(office, page, page=page, category="regular", starts_on=APRIL.isoformat()).status_code == 303
    of_member = office.get(f"{LIST}/{student.id}").text
    assert "変更予定" in of_member and "2027年4月1日" in of_member
    on(APRIL - DAY, running, society)
    assert (members_of(running, society)[0].category, categories_told(running)) == ("student", ["student"])
    on(APRIL, running, society)
    assert members_of(running, society)[0].category == "regular"
    assert categories_told(running) == ["student", "regular"], "once, to billing and everybody else"


@pytest.mark.rule("M8")
def test_two_categories_never_start_on_one_day(
    running: RunningService, society: str, office: FlaskClient, student: MemberRow
) -> None:
    page = page_of(student)
    answer = post(office, page, page=page, category="regular", starts_on=JOINED.isoformat())
    assert answer.status_code == 409 and 'id="e-starts_on"' in answer.text and "2022-04-01" in answer.text
    with pytest.raises(sa.exc.IntegrityError), running.unit(society) as uow:  # the wall behind the check
        uow.add(
            CategoryEntryRow(
                id=new_id(), member_id=student.id, category="x", starts_on=JOINED, recorded_at=uow.now, recorded_by=""
            )
        )


@pytest.mark.rule("M8")
@pytest.mark.parametrize(
    ("category", "said_so"), [("student", "すでに選択した会員種別"), ("nobody", "会員種別はありません")]
)
def test_what_makes_no_sense_is_refused_in_words(
    running: RunningService, society: str, office: FlaskClient, student: MemberRow, category: str, said_so: str
) -> None:
    page = page_of(student)
    answer = post(office, page, page=page, category=category, starts_on=APRIL.isoformat())
    assert answer.status_code == 422 and said_so in answer.text and 'id="e-category"' in answer.text
    assert history(running, society, student) == [("student", JOINED)]


@pytest.mark.rule("M8")
def test_an_entry_is_put_right_and_a_scheduled_one_taken_away(
    running: RunningService, society: str, office: FlaskClient, student: MemberRow
) -> None:
    page = page_of(student)
    with running.unit(society) as uow:
        change_category_of(uow, student.id, "regular", APRIL)
    with running.unit(society, reading=True) as uow:
        scheduled, first = history_of(uow, CATEGORY, student.id)
    entry = f"{page}/{first.id}"
    assert post(office, entry, page=entry, category="honorary", starts_on="2021-04-01").status_code == 303
    assert post(office, f"{page}/{scheduled.id}/remove", page=page).status_code == 303
    assert history(running, society, student) == [("honorary", date(2021, 4, 1))]
    assert members_of(running, society)[0].category == "honorary"
    with pytest.raises(NoCategoryToday), running.unit(society) as uow:
        remove_entry(uow, CATEGORY, student.id, history_of(uow, CATEGORY, student.id)[0].id)


@pytest.mark.rule("M8")
def test_another_category_by_hand_holds_from_today(running: RunningService, society: str, student: MemberRow) -> None:
    day = today(running, society)
    for category in ("regular", "honorary"):  # the second one the same day
        with running.unit(society) as uow:
            change_member(uow, student.id, {"category": category})
    assert history(running, society, student) == [("student", JOINED), ("honorary", day)]
    with pytest.raises(InvalidInput), running.unit(society) as uow:
        change_member(uow, student.id, {"category": None})


@pytest.mark.rule("M8")
@pytest.mark.rule("M10")
def test_categories_of_a_roster_become_entries_of_the_history(running: RunningService, society: str) -> None:
    header = "会員番号,氏名,会員種別,入会日"
    import_all(running, society, roster("1,学生 花子,学生会員,2022-04-01", header=header).encode())
    (member,) = members_of(running, society)
    with running.unit(society) as uow:
        change_category_of(uow, member.id, "honorary", APRIL)
    import_all(running, society, roster("1,学生 花子,正会員,2022-04-01", header=header).encode())
    expected = [("student", JOINED), ("regular", today(running, society))]
    assert history(running, society, member) == expected, "what was scheduled gives way to the roster"


@pytest.mark.rule("M8")
@pytest.mark.rule("M6")
def test_a_chosen_list_gets_one_category_and_whoever_has_it_keeps_it(
    running: RunningService, society: str, office: FlaskClient, student: MemberRow
) -> None:
    regular = a_member(running, society, name="正会 員", number="2", joined_on=JOINED)
    answer = post(office, "/members/console/selections", page=LIST, all="1", act="category")
    place = answer.headers["Location"]
    assert "2 名を変更できます" in office.get(f"{place}?category=regular&starts_on={APRIL}").text
    done = post(office, place, page=place, category="regular", starts_on=APRIL.isoformat())
    work(running)
    assert "1 名を変更しました" in office.get(done.headers["Location"]).text
    assert history(running, society, student) == [("student", JOINED), ("regular", APRIL)]
    assert history(running, society, regular) == [("regular", JOINED)]
    look = office.get(f"{place}?category=honorary&starts_on={APRIL}").text
    assert "学生 花子</a>" in look and short(APRIL + DAY) in look, "a later entry is in the way"
    refused = post(office, place, page=place, category="honorary", starts_on=APRIL.isoformat())
    assert refused.status_code == 409


@pytest.mark.rule("M8")
@pytest.mark.rule("M6")
def test_nobody_gets_a_category_that_there_is_not(
    running: RunningService, society: str, office: FlaskClient, student: MemberRow
) -> None:
    place = post(office, "/members/console/selections", page=LIST, all="1", act="category").headers["Location"]
    answer = post(office, place, page=place, category="typo", starts_on=str(APRIL))
    assert answer.status_code == 422 and 'id="e-category"' in answer.text
    with running.unit(society) as uow:
        add_category(uow, code="senior", name="シニア会員", name_en="Senior")
    assert post(office, place, page=place, category="senior", starts_on=str(APRIL)).status_code == 303
    with running.unit(society) as uow:
        remove_category(uow, "senior")
    work(running)
    assert history(running, society, student) == [("student", JOINED)]


@pytest.mark.rule("M8")
@pytest.mark.rule("M10")
def test_a_roster_changes_categories_from_today_on_also_of_whoever_joined_after_applying(
    running: RunningService, society: str
) -> None:
    day = today(running, society)
    with clock.travel(by=-30 * DAY):
        applicant = a_member(running, society, name="申請 花子", number="8", category="student", standing="applying")
    with running.unit(society) as uow:
        change_standing(uow, applicant.id, "active", day - 20 * DAY)
    import_all(running, society, roster("8,申請 花子,正会員", header="会員番号,氏名,会員種別").encode())
    assert history(running, society, applicant) == [("student", day - 30 * DAY), ("regular", day)]


@pytest.mark.rule("M10")
def test_a_category_that_goes_after_the_check_stops_the_import(running: RunningService, society: str) -> None:
    with running.unit(society) as uow:
        add_category(uow, code="senior", name="シニア会員", name_en="Senior")
    done = check(running, society, roster("1,新人,シニア会員", header="会員番号,氏名,会員種別").encode())
    with running.unit(society) as uow:
        remove_category(uow, "senior")
        confirm_roster(uow, done.id)
    work(running)
    assert (roster_now(running, society, done.id).state, members_of(running, society)) == ("checked", [])


@pytest.mark.rule("M8")
def test_who_saves_an_entry_twice_saves_it_once(
    running: RunningService, society: str, office: FlaskClient, student: MemberRow
) -> None:
    with running.unit(society, reading=True) as uow:
        (first,) = history_of(uow, CATEGORY, student.id)
    entry = f"{page_of(student)}/{first.id}"
    for _ in range(2):
        assert post(office, entry, page=entry, category="honorary", starts_on="2021-04-01").status_code == 303
    with running.unit(society, reading=True) as uow:
        assert uow.get(MemberRow, student.id).revision == student.revision + 1


@pytest.mark.rule("M8")
def test_a_category_that_somebody_had_or_will_have_stays(
    running: RunningService, society: str, student: MemberRow
) -> None:
    with running.unit(society) as uow:
        add_category(uow, code="senior", name="シニア会員", name_en="Senior")
        change_category_of(uow, student.id, "senior", APRIL)
    with pytest.raises(CategoryInUse), running.unit(society) as uow:
        remove_category(uow, "senior")


@pytest.mark.rule("M13")
def test_the_trail_names_categories(running: RunningService, society: str, as_role: LogIn, student: MemberRow) -> None:
    with running.unit(society) as uow:
        change_category_of(uow, student.id, "regular", today(running, society))
    trail = as_role(Role.ADMINISTRATOR)
    page = trail.get("/members/console/audit?action=change-member-category").text
    assert "学生会員" in page and f"{today(running, society)} 正会員" in page and "regular" not in page
    sheet = trail.get("/members/console/audit/export.csv?action=change-member-category").data.decode("utf-8-sig")
    assert "学生会員 → 正会員" in sheet


@pytest.mark.rule("M8")
def test_who_came_while_an_older_release_was_running_gets_a_history(
    running: RunningService, society: str, student: MemberRow
) -> None:
    with running.unit(society) as uow:
        uow.session.execute(sa.delete(CategoryEntryRow))
    with running.unit(society) as uow:
        begin_histories(uow)
    assert history(running, society, student) == [("student", JOINED)]


@pytest.mark.rule("M8")
@pytest.mark.rule("W4")
def test_integrators_change_categories_too(
    running: RunningService, society: str, office: FlaskClient, student: MemberRow
) -> None:
    place = f"/members/api/members/{student.id}/categories"
    token = {"Authorization": f"Bearer {office.get_cookie('tsudoi_token').value}"}  # type: ignore[union-attr]
    made = office.post(place, json={"category": "regular", "starts_on": str(APRIL)}, headers=token)
    assert made.status_code == 201
    scheduled, first = made.get_json()
    assert (scheduled["category"], scheduled["in_force_at"], first["category"]) == ("regular", None, "student")
    one = f"{place}/{scheduled['id']}"
    moved = office.put(one, json={"category": "honorary", "starts_on": "2028-02-29"}, headers=token)
    assert (moved.status_code, moved.get_json()[0]["starts_on"]) == (200, "2028-02-29")
    (entry, _) = office.get(place, headers=token).get_json()
    assert office.delete(f"{place}/{entry['id']}", headers=token).status_code == 204
    same_day = office.post(place, json={"category": "regular", "starts_on": str(JOINED)}, headers=token)
    assert (same_day.status_code, same_day.get_json()["type"]) == (409, "category-on-that-day")
    chosen = office.post("/members/api/selections", json={"q": "学生"}, headers=token).get_json()
    many, asked = f"/members/api/selections/{chosen['id']}/category", {"category": "regular", "starts_on": str(APRIL)}
    assert office.get(many, query_string=asked, headers=token).get_json()["in_the_way"] == 0
    assert office.post(many, json=asked, headers=token).status_code == 202
    work(running)
    assert history(running, society, student) == [("student", JOINED), ("regular", APRIL)]
