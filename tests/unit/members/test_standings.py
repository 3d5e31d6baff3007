"""The history of standings: from a day on, never two on one day, scheduled changes that come by themselves (M5)."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.members.errors.histories import NoStandingToday, StandingCannotFollow, StandingOnThatDay
from services.members.histories import coming
from services.members.histories.changing import history_of, remove_entry
from services.members.histories.coming import begin_all_histories, let_standings_come
from services.members.histories.tracks import STANDING
from services.members.models import DatedEntry, MemberRow, StandingRow
from services.members.search import matching
from services.members.search_conditions import MemberSearch
from services.members.standings.dates import FOLLOWS
from services.members.standings.history import change_standing, edit_standing
from services.members.standings.words import STANDINGS
from shared import clock
from shared.audit import AuditRow
from shared.errors import ChangedMeanwhile, InvalidInput, NotFound, TsudoiError
from shared.identity import Role
from shared.ids import new_id
from shared.messages.members import MemberAdmitted, PersonChanged
from shared.service import RunningService
from tests.unit.members.conftest import LogIn, a_member, histories, make_society, members_of, post, said, short, today

DAY = timedelta(days=1)
JOINED = date(2020, 4, 1)


@pytest.fixture
def office(as_role: LogIn) -> FlaskClient:
    return as_role(Role.AFFAIRS)


@pytest.fixture
def member(running: RunningService, society: str) -> MemberRow:
    return a_member(running, society, joined_on=JOINED)


def page_of(member: MemberRow) -> str:
    return f"/members/console/members/{member.id}/standings"


def change(
    running: RunningService, society: str, member: MemberRow, standing: str, day: date, **more: Any
) -> MemberRow:
    with running.unit(society) as uow:
        return change_standing(uow, member.id, standing, day, **more)


def come(running: RunningService, society: str) -> None:
    with running.unit(society) as uow:
        let_standings_come(uow)


def at_midnight_before(day: date, **more: Any) -> Any:
    """The clock stands at this day's 0:00 in Tokyo, or some time from it."""
    return clock.travel(to=clock.end_of(day - DAY, clock.TOKYO) + timedelta(**more))


@pytest.mark.rule("M5")
def test_a_change_is_in_force_at_once_told_recorded_and_shown(
    running: RunningService, society: str, office: FlaskClient, member: MemberRow
) -> None:
    day = today(running, society)
    page = page_of(member)
    answer = post(office, page, page=page, standing="on_leave", starts_on=day.isoformat())
    assert answer.status_code == 303
    assert histories(running, society)[member.name] == [("active", JOINED), ("on_leave", day)]
    (row,) = members_of(running, society)
    assert (row.standing, row.revision) == ("on_leave", 2)
    told = [message.person for message in said(running) if isinstance(message, PersonChanged)][-1]
    assert (told.standing, told.revision) == ("on_leave", 2)
    with running.unit(society, reading=True) as uow:
        entry = uow.session.scalars(sa.select(AuditRow).where(AuditRow.action == "change-standing")).one()
        assert entry.before == {"standing": "active", "history": ""}
        assert entry.after == {"standing": "on_leave", "history": f"{day} on_leave"}
    assert "休会" in office.get(page).text
    of_member = office.get(f"/members/console/members/{member.id}").text
    assert f"{day} 休会" in of_member and "on_leave" not in of_member


@pytest.mark.rule("M5")
def test_two_standings_never_start_on_one_day(
    running: RunningService, society: str, office: FlaskClient, member: MemberRow
) -> None:
    page = page_of(member)
    answer = post(office, page, page=page, standing="on_leave", starts_on=JOINED.isoformat())
    assert answer.status_code == 409 and 'id="e-starts_on"' in answer.text
    assert "「在会」は2020-04-01" in answer.text
    assert histories(running, society)[member.name] == [("active", JOINED)]
    with pytest.raises(sa.exc.IntegrityError), running.unit(society) as uow:  # the wall behind the check
        uow.add(
            StandingRow(
                id=new_id(), member_id=member.id, standing="left", starts_on=JOINED, recorded_at=uow.now, recorded_by=""
            )
        )


@pytest.mark.rule("M5")
def test_who_applied_and_was_admitted_on_one_day_has_one_entry(
    running: RunningService, society: str, office: FlaskClient
) -> None:
    person, day = a_member(running, society, standing="applying"), today(running, society)
    page = page_of(person)
    refused = post(office, page, page=page, standing="active", starts_on=day.isoformat())
    assert refused.status_code == 409 and "編集" in refused.text
    entry = f"{page}/{entries(running, society, person)[0].id}"
    assert office.get(entry).status_code == 200
    assert post(office, entry, page=entry, standing="active", starts_on=day.isoformat()).status_code == 303
    (row,) = members_of(running, society)
    assert (row.standing, row.joined_on) == ("active", day)
    assert histories(running, society)[row.name] == [("active", day)]


def entries(running: RunningService, society: str, member: MemberRow) -> list[DatedEntry]:
    """Newest first."""
    with running.unit(society, reading=True) as uow:
        return list(history_of(uow, STANDING, member.id))


@pytest.mark.rule("M5")
@pytest.mark.parametrize("begins", [date(2027, 1, 1), date(2028, 2, 29), date(2027, 4, 1)])
def test_a_scheduled_change_comes_at_midnight_in_tokyo(
    running: RunningService, society: str, member: MemberRow, begins: date
) -> None:
    change(running, society, member, "on_leave", begins)
    assert members_of(running, society)[0].standing == "active"
    with at_midnight_before(begins, seconds=-1):
        come(running, society)
        assert members_of(running, society)[0].standing == "active"
    with at_midnight_before(begins, seconds=1):
        come(running, society)
        come(running, society)
        assert members_of(running, society)[0].standing == "on_leave"
    told = [message.person.standing for message in said(running) if isinstance(message, PersonChanged)]
    assert told == ["active", "on_leave"], "once"


@pytest.mark.rule("M5")
def test_an_admission_that_came_while_nothing_ran_is_told_all_the_same(running: RunningService, society: str) -> None:
    applicant = a_member(running, society, standing="applying")
    begins = date(2027, 4, 1)
    change(running, society, applicant, "active", begins)
    change(running, society, applicant, "on_leave", begins + DAY)
    with at_midnight_before(begins + 2 * DAY):
        come(running, society)
    (row,) = members_of(running, society)
    assert (row.standing, row.joined_on) == ("on_leave", begins)
    (told,) = [message for message in said(running) if isinstance(message, MemberAdmitted)]
    assert told.joined_on == begins


@pytest.mark.rule("M5")
def test_who_leaves_is_leaving_until_the_last_day_and_has_left_on_the_next(
    running: RunningService, society: str, office: FlaskClient, member: MemberRow
) -> None:
    page, day, last = page_of(member), today(running, society), date(2027, 3, 31)
    form = {"standing": "leaving", "starts_on": day.isoformat()}
    assert 'id="e-last_day"' in post(office, page, page=page, **form).text
    assert post(office, page, page=page, **form, last_day=last.isoformat()).status_code == 303
    (row,) = members_of(running, society)
    assert (row.standing, row.leaves_on) == ("leaving", last)
    assert "2027年3月31日" in office.get(f"/members/console/members/{member.id}").text
    with at_midnight_before(last + DAY, seconds=-1):
        come(running, society)
        assert members_of(running, society)[0].standing == "leaving"
    with at_midnight_before(last + DAY, seconds=1):
        come(running, society)
        assert members_of(running, society)[0].standing == "left"


@pytest.mark.rule("M5")
def test_a_withdrawal_that_is_taken_back_leaves_no_trace_in_the_membership(
    running: RunningService, society: str, office: FlaskClient, member: MemberRow
) -> None:
    change(running, society, member, "leaving", today(running, society), last_day=date(2027, 3, 31))
    page = page_of(member)
    for entry in entries(running, society, member)[:2]:
        assert post(office, f"{page}/{entry.id}/remove", page=page).status_code == 303
    (row,) = members_of(running, society)
    assert (row.standing, row.leaves_on) == ("active", None)
    assert histories(running, society)[row.name] == [("active", JOINED)]


@pytest.mark.rule("M5")
def test_somebody_who_comes_with_a_last_day_leaves_after_it(running: RunningService, society: str) -> None:
    last = today(running, society)
    row = a_member(running, society, standing="leaving", leaves_on=last)
    with at_midnight_before(last + DAY, seconds=-1):
        come(running, society)
        assert members_of(running, society)[0].standing == "leaving"
    with at_midnight_before(last + DAY, seconds=1):
        come(running, society)
        assert members_of(running, society)[0].standing == "left"
    assert histories(running, society)[row.name][-1] == ("left", last + DAY)


def test_the_last_entry_stays(running: RunningService, society: str, office: FlaskClient, member: MemberRow) -> None:
    page = page_of(member)
    (only,) = entries(running, society, member)
    answer = post(office, f"{page}/{only.id}/remove", page=page)
    assert answer.status_code == 409 and members_of(running, society)[0].standing == "active"
    with pytest.raises(NoStandingToday), running.unit(society) as uow:
        edit_standing(uow, member.id, only.id, "active", uow.today + DAY)


@pytest.mark.parametrize(("before", "after"), [("applying", "on_leave"), ("active", "applying"), ("left", "leaving")])
def test_what_cannot_follow_is_refused_in_words(
    running: RunningService, society: str, office: FlaskClient, before: str, after: str
) -> None:
    row = a_member(running, society, standing=before)
    page, day = page_of(row), today(running, society) + 2 * DAY
    answer = post(office, page, page=page, standing=after, starts_on=day.isoformat(), last_day="2030-01-01")
    assert answer.status_code == 409 and 'id="e-standing"' in answer.text
    words = {"applying": "申請中", "on_leave": "休会", "active": "在会", "left": "退会", "leaving": "退会予定"}
    assert f"「{words[before]}」" in answer.text and f"「{words[after]}」" in answer.text


@pytest.mark.parametrize("day", ["9999-12-31", "0001-01-01", "2200-01-01", "1867-12-31"])
def test_days_that_nobody_means_are_refused(
    running: RunningService, society: str, office: FlaskClient, member: MemberRow, day: str
) -> None:
    page = page_of(member)
    for form in ({"starts_on": day}, {"starts_on": "2026-01-01", "last_day": day}):
        answer = post(office, page, page=page, standing="leaving", **form)
        assert answer.status_code == 422, form
    answer = post(office, "/members/console/members", page=page, name="x", category="regular", leaves_on=day)
    assert answer.status_code == 422


@pytest.mark.parametrize(
    ("standing", "days"), [("left", 0), ("left", 30), ("expelled", 1), ("active", -1), ("leaving", -400)]
)
def test_a_standing_and_a_last_day_that_contradict_each_other_are_refused(
    running: RunningService, society: str, standing: str, days: int
) -> None:
    last = today(running, society) + timedelta(days=days)
    with pytest.raises(InvalidInput):
        a_member(running, society, standing=standing, leaves_on=last)
    assert members_of(running, society) == []


def test_an_entry_of_somebody_else_is_not_there(running: RunningService, society: str, member: MemberRow) -> None:
    (entry,) = entries(running, society, member)
    other = a_member(running, society, name="他 人")
    stranger = make_society(running, "hokushin")
    for place, person in ((society, other), (stranger, member)):
        with pytest.raises(NotFound), running.unit(place) as uow:
            remove_entry(uow, STANDING, person.id, entry.id)
        with pytest.raises(NotFound), running.unit(place) as uow:
            edit_standing(uow, person.id, entry.id, "left", date(2026, 1, 1))
    assert histories(running, society)[member.name] == [("active", JOINED)]


def test_two_at_one_entry_do_not_both(running: RunningService, society: str, member: MemberRow) -> None:
    change(running, society, member, "on_leave", date(2030, 1, 1))
    scheduled = entries(running, society, member)[0]
    with running.unit(society) as uow:
        remove_entry(uow, STANDING, member.id, scheduled.id)
    with pytest.raises((NotFound, ChangedMeanwhile)), running.unit(society) as uow:
        edit_standing(uow, member.id, scheduled.id, "left", date(2030, 1, 1))


@pytest.mark.rule("M9")
def test_members_are_found_by_their_standing_on_a_day(
    running: RunningService, society: str, office: FlaskClient, member: MemberRow
) -> None:
    change(running, society, member, "on_leave", date(2023, 4, 1))
    change(running, society, member, "active", date(2024, 4, 1))

    def found(standing: str, on: date | None) -> int:
        with running.unit(society, reading=True) as uow:
            return len(uow.session.scalars(matching(MemberSearch(standing=(standing,), on=on))).all())

    assert [found("on_leave", day) for day in (date(2023, 3, 31), date(2023, 4, 1), date(2024, 3, 31))] == [0, 1, 1]
    assert [found("active", day) for day in (date(2020, 3, 31), JOINED, date(2023, 4, 1), date(2024, 4, 1))] == [
        0,
        1,
        0,
        1,
    ]
    assert (found("active", None), found("on_leave", None)) == (1, 0)
    page = office.get("/members/console/members?standing=on_leave&on=2023-05-01").text
    assert member.name in page and member.name not in office.get("/members/console/members?standing=on_leave").text


def test_who_came_while_an_older_release_was_running_gets_a_history(
    running: RunningService, society: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All of them, however many: each time some, in a transaction of their own."""
    monkeypatch.setattr(coming, "AT_ONCE", 1)
    rows = [a_member(running, society, name=f"会員 {n}", joined_on=JOINED) for n in range(3)]
    with running.unit(society) as uow:
        uow.session.execute(sa.delete(StandingRow))
    change(running, society, rows[0], "on_leave", date(2026, 1, 1))
    begin_all_histories(running)
    assert histories(running, society) == {
        "会員 0": [("active", JOINED), ("on_leave", date(2026, 1, 1))],
        "会員 1": [("active", JOINED)],
        "会員 2": [("active", JOINED)],
    }


@pytest.mark.rule("W4")
def test_integrators_change_standings_too(running: RunningService, society: str, office: FlaskClient) -> None:
    member = a_member(running, society, joined_on=JOINED)
    address = f"/members/api/members/{member.id}/standings"
    token = {"Authorization": f"Bearer {office.get_cookie('tsudoi_token').value}"}  # type: ignore[union-attr]
    made = office.post(address, json={"standing": "on_leave", "starts_on": "2030-01-01"}, headers=token)
    assert made.status_code == 201
    first, second = made.get_json()
    assert (first["standing"], first["in_force_at"], second["standing"]) == ("on_leave", None, "active")
    moved = office.put(f"{address}/{first['id']}", json={"standing": "left", "starts_on": "2031-01-01"}, headers=token)
    assert (moved.status_code, moved.get_json()[0]["starts_on"]) == (200, "2031-01-01")
    again = office.get(address, headers=token).get_json()
    assert office.delete(f"{address}/{again[0]['id']}", headers=token).status_code == 204
    same_day = office.post(address, json={"standing": "left", "starts_on": "2020-04-01"}, headers=token)
    assert (same_day.status_code, same_day.get_json()["type"]) == (409, "standing-on-that-day")
    assert (
        office.patch(f"/members/api/members/{member.id}", json={"standing": "left"}, headers=token).status_code == 422
    )


@pytest.mark.rule("W3")
@pytest.mark.parametrize("role", [Role.READER, Role.ACCOUNTING])
def test_who_only_reads_changes_no_standing(
    running: RunningService, society: str, as_role: LogIn, member: MemberRow, role: Role
) -> None:
    reader, page = as_role(role), page_of(member)
    text = reader.get(page).text
    assert short(JOINED) in text or "2020年" in text
    assert 'method="post"' not in text.split("<main")[1].split("</main>")[0]
    (entry,) = entries(running, society, member)
    for path in (page, f"{page}/{entry.id}", f"{page}/{entry.id}/remove"):
        form = {"standing": "left", "starts_on": "2026-01-01"}
        assert post(reader, path, page="/members/console/members", **form).status_code in (400, 403)
    assert histories(running, society)[member.name] == [("active", JOINED)]


DAYS = st.dates(date(2023, 12, 1), date(2024, 4, 1))  # a year's end and a 29 February in between
STEP = st.tuples(st.sampled_from(sorted(STANDINGS)), DAYS, st.booleans(), st.integers(-1, 0))
STEPS = st.lists(STEP, min_size=1, max_size=8)


@pytest.mark.rule("M5")
@given(steps=STEPS, asked=st.lists(DAYS, min_size=1, max_size=4))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_done_every_day_has_one_standing(
    running: RunningService, society: str, steps: list[tuple[str, date, bool, int]], asked: list[date]
) -> None:
    """Entries are added and put right at random, in January 2024; then time passes, and each day's standing is that of
    the latest entry until then, which follows the one before."""
    with clock.travel(to=clock.end_of(date(2024, 1, 14), clock.TOKYO)):
        person = a_member(running, society, name=new_id(), joined_on=date(2023, 12, 1))
        for standing, day, edits, which in steps:
            try:
                with running.unit(society) as uow:
                    if edits:
                        edit_standing(uow, person.id, history_of(uow, STANDING, person.id)[which].id, standing, day)
                    else:
                        change_standing(uow, person.id, standing, day, last_day=day)
            except (StandingOnThatDay, StandingCannotFollow, NoStandingToday):
                continue
            except InvalidInput:
                assert edits and standing == "leaving", "its last day is missing"
            except TsudoiError as error:
                raise AssertionError(repr(error)) from error
    history = sorted((entry.starts_on, STANDING.entry(entry).value) for entry in entries(running, society, person))
    assert len({day for day, _ in history}) == len(history)
    assert all(after in FOLLOWS[before] for (_, before), (_, after) in pairwise(history))
    for day in sorted(asked):
        if day < date(2024, 1, 15):
            continue
        with at_midnight_before(day, hours=12):
            come(running, society)
        with running.unit(society, reading=True) as uow:
            assert uow.get(MemberRow, person.id).standing == [what for since, what in history if since <= day][-1]
