"""Events through their pages and their API: staff make and publish, members register, both see how it stands."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
from python_calamine import CalamineWorkbook

from services.events import demo as events_demo
from services.events.models import EventRow
from services.events.registrations import live_registration
from shared import clock, demo
from shared.identity import STAFF, Role
from shared.ids import new_id
from shared.messages.billing import InvoiceCreated, InvoicePaid
from shared.messages.events import EventPublished
from shared.service import RunningService
from shared.web.access import undeclared_routes
from shared.web.app import create_app
from tests.unit.events.conftest import LogIn
from tests.unit.events.facts import (
    OTHER,
    SOCIETY,
    changed,
    event_of,
    event_values,
    invoice_for,
    open_event,
    registered,
    registration_of,
    said,
    said_names,
    tell,
    tell_person,
)

CONSOLE = "/events/console/events"
MY = "/events/my/events"
API = "/events/api"


def form(**changes: Any) -> dict[str, str]:
    return {name: str(value) for name, value in event_values(**changes).items() if value is not None}


@pytest.mark.rule("E1")
@pytest.mark.rule("E2")
def test_staff_make_try_out_and_list_an_event(running: RunningService, log_in: LogIn) -> None:
    staff, member = log_in(running, Role.EVENTS), log_in(running, Role.MEMBER, person=new_id())
    made = staff.send(f"{CONSOLE}/new", CONSOLE, **form(fee="５,０００", methods="card"))
    assert made.status_code == 303
    page = made.location
    id = page.rsplit("/", 1)[1]
    assert member.get(f"{MY}/{id}").status_code == 404
    staff.send(page, f"{page}/switches", published="true")
    assert "年次大会2026" in member.get(f"{MY}/{id}").text and "年次大会2026" not in member.get(MY).text
    assert "受け付けていません" in member.get(f"{MY}/{id}").text
    staff.send(page, f"{page}/switches", published="true", registration_open="true", on_my_page="true")
    assert "年次大会2026" in member.get(MY).text and "参加登録する" in member.get(f"{MY}/{id}").text
    event = event_of(running, id)
    assert (event.fee, event.methods) == (5_000, ["card"])
    staff.send(f"{page}/edit", page, **form(title="第10回大会"))
    assert [m.event.title for m in said(running) if isinstance(m, EventPublished)][-1] == "第10回大会"


@pytest.mark.rule("E1")
def test_what_registrations_contradict_is_refused_with_the_reason(running: RunningService, log_in: LogIn) -> None:
    event_id = open_event(running)
    for _ in range(2):
        registered(running, event_id)
    staff = log_in(running, Role.EVENTS)
    page = f"{CONSOLE}/{event_id}"
    smaller = staff.send(f"{page}/edit", page, **form(capacity=1))
    assert smaller.status_code == 409 and "2名が登録しているため" in smaller.text
    dearer = staff.send(f"{page}/edit", page, **form(fee=6_000))
    assert dearer.status_code == 409 and "参加費と税区分は変更できません" in dearer.text
    backwards = staff.send(f"{page}/edit", page, **form(ends_on="2020-01-01"))
    assert backwards.status_code == 422 and "終了日が開始日より前" in backwards.text
    assert staff.send(f"{page}/edit", page, **form(capacity=2)).status_code == 303


def test_an_event_without_a_venue_is_not_published(running: RunningService, log_in: LogIn) -> None:
    staff = log_in(running, Role.EVENTS)
    page = staff.send(f"{CONSOLE}/new", CONSOLE, **form(venue="")).location
    staff.send(page, f"{page}/switches", published="true")
    assert "会場: 入力してください" in staff.get(page).text
    assert not event_of(running, page.rsplit("/", 1)[1]).published


@pytest.mark.rule("E3")
def test_a_member_registers_pays_and_sees_it(running: RunningService, log_in: LogIn) -> None:
    person = tell_person(running)
    member = log_in(running, Role.MEMBER, person=person)
    event_id = open_event(running)
    page = f"{MY}/{event_id}"
    assert member.send(page, f"{page}/register").status_code == 303
    with running.unit(SOCIETY, reading=True) as uow:
        registration = live_registration(uow, event_id, person)
    assert registration is not None
    assert "請求を準備しています" in member.get(page).text and "hx-get" in member.get(f"{page}/state").text
    bill = invoice_for(registration)
    tell(running, InvoiceCreated(invoice=bill))
    assert f"/payments/my/pay/{bill.id}" in member.get(page).text
    assert f"/payments/my/pay/{bill.id}" in member.get("/events/my/registrations").text
    tell(running, InvoicePaid(invoice=changed(bill, paid=5_000, due=0, state="paid"), paid_on=clock.today()))
    assert "参加登録が完了しました" in member.get(page).text
    assert "確定" in member.get("/events/my/registrations").text
    member.send(page, f"{page}/register")
    assert "すでに参加登録されています" in member.get(page).text
    member.send(page, f"{page}/registrations/{registration.id}/cancel")
    assert registration_of(running, registration.id).state == "cancelled"
    assert "参加登録する" in member.get(page).text


@pytest.mark.rule("E15")
def test_the_one_who_comes_too_late_is_told_so(running: RunningService, log_in: LogIn) -> None:
    event_id = open_event(running, capacity=1)
    registered(running, event_id)
    member = log_in(running, Role.MEMBER, person=new_id())
    assert "満席です" in member.get(f"{MY}/{event_id}").text
    member.send(MY, f"{MY}/{event_id}/register")
    assert "満席です" in member.get(MY).text


@pytest.mark.rule("E8")
@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_the_list_of_participants_is_downloaded_with_its_payments(
    running: RunningService, log_in: LogIn, kind: str
) -> None:
    event_id = open_event(running)
    people = [tell_person(running, name, number=f"A-{i}") for i, name in enumerate(("髙橋 花子", "=1+1", "𠮷野 一郎"))]
    rows = [registered(running, event_id, person) for person in people]
    registered(running, event_id)  # somebody who is not known here yet
    bill = invoice_for(rows[0], paid=5_000, due=0, state="paid")
    tell(running, InvoicePaid(invoice=bill, paid_on=clock.today()))
    answer = log_in(running, Role.READER).get(f"{CONSOLE}/{event_id}/participants.{kind}")
    table = _table(answer.data, kind)
    assert table[0][:3] == ["会員番号", "氏名", "氏名カナ"] and len(table) == 5
    found = {row[1]: row for row in table[1:]}
    assert found["髙橋 花子"][7:12] in (
        ["確定", "5000", "5000", "入金済", "E-000001"],
        ["確定", 5000, 5000, "入金済", "E-000001"],
    )
    assert "𠮷野 一郎" in found and "=1+1" not in (found if kind == "csv" else {})
    assert "attachment" in answer.headers["Content-Disposition"]
    assert "UTF-8''" in answer.headers["Content-Disposition"]
    old_tools = log_in(running, Role.READER).get(f"{CONSOLE}/{event_id}/participants.csv?encoding=cp932")
    assert old_tools.status_code == 422 and "𠮷" in old_tools.text, "never a question mark in a name"


def test_staff_cancel_a_registration_from_the_list(running: RunningService, log_in: LogIn) -> None:
    event_id = open_event(running)
    registration = registered(running, event_id, tell_person(running))
    staff = log_in(running, Role.EVENTS)
    page = f"{CONSOLE}/{event_id}"
    assert "髙橋 花子" in staff.get(page).text and "髙橋 花子" not in staff.get(f"{page}?q=山田").text
    staff.send(page, f"{page}/registrations/{registration.id}/cancel")
    assert registration_of(running, registration.id).state == "cancelled"
    assert "RegistrationCancelled" in said_names(running)


@pytest.mark.parametrize("role", sorted({*STAFF, Role.MEMBER, Role.GUEST}))
def test_who_may_do_what(running: RunningService, log_in: LogIn, role: Role) -> None:
    event_id = open_event(running)
    who = log_in(running, role, person=new_id())
    sees = role in (Role.ADMINISTRATOR, Role.EVENTS, Role.READER)
    changes = role in (Role.ADMINISTRATOR, Role.EVENTS)
    takes_part = role not in STAFF
    for path in (CONSOLE, f"{CONSOLE}/{event_id}", f"{CONSOLE}/{event_id}/participants.csv", f"{API}/events"):
        assert who.get(path).status_code == (200 if sees else 403), path
    for path in (f"{CONSOLE}/new", f"{CONSOLE}/{event_id}/edit"):
        assert who.get(path).status_code == (200 if changes else 403), path
    for path in (MY, f"{MY}/{event_id}", "/events/my/registrations", f"{API}/my/events", f"{API}/my/registrations"):
        assert who.get(path).status_code == (200 if takes_part else 403), path


def test_every_route_says_who_may_use_it(running: RunningService, log_in: LogIn) -> None:
    assert not undeclared_routes(create_app(running))
    assert log_in(running).get(f"{API}/events").status_code == 401
    assert log_in(running).get(MY).status_code == 302


@pytest.mark.rule("W4")
def test_the_api_does_what_the_pages_do(running: RunningService, log_in: LogIn) -> None:
    token = log_in(running, Role.MEMBER, Role.ADMINISTRATOR, person=(me := new_id()))
    given = {**form(), "capacity": 2, "fee": 5_000}
    made = token.api("POST", f"{API}/events", given)
    assert made.status_code == 201
    id = made.get_json()["id"]
    for wrong in (
        {"society_id": OTHER},
        {"taken": 0},
        {"fee": -1},
        {"fee": 1.5},
        {"capacity": 0},
        {"starts_on": "soon"},
    ):
        assert token.api("POST", f"{API}/events", {**given, **wrong}).status_code == 422, wrong
    everything = {"published": True, "registration_open": True, "on_my_page": True}
    assert token.api("PUT", f"{API}/events/{id}/switches", everything).get_json()["published"] is True
    registration = token.api("POST", f"{API}/my/events/{id}/registration")
    assert registration.status_code == 201 and registration.get_json()["person_id"] == me
    again = token.api("POST", f"{API}/my/events/{id}/registration")
    assert (again.status_code, again.get_json()["type"]) == (409, "already-registered")
    assert [r["id"] for r in token.get(f"{API}/my/registrations").get_json()] == [registration.get_json()["id"]]
    assert len(token.get(f"{API}/events/{id}/registrations").get_json()) == 1
    cancelled = token.api("POST", f"{API}/my/registrations/{registration.get_json()['id']}/cancel")
    assert cancelled.get_json()["state"] == "cancelled"
    assert "methods" not in token.get(f"{API}/my/events").get_json()[0]


@pytest.mark.rule("O3")
def test_another_societys_events_are_not_found(running: RunningService, log_in: LogIn) -> None:
    event_id = open_event(running)
    staff = log_in(running, Role.ADMINISTRATOR, society=OTHER)
    member = log_in(running, Role.MEMBER, person=new_id(), society=OTHER)
    assert staff.get(f"{CONSOLE}/{event_id}").status_code == 404
    assert staff.get(f"{API}/events").get_json() == []
    assert member.get(f"{MY}/{event_id}").status_code == 404
    member.send(MY, f"{MY}/{event_id}/register")
    assert event_of(running, event_id).taken == 0


def test_the_demo_has_its_two_events_however_often_it_is_filled(running: RunningService) -> None:
    for _ in range(2):
        events_demo.fill(running)
    with running.unit(demo.SOCIETY, reading=True) as uow:
        meeting, lecture = uow.get(EventRow, events_demo.MEETING), uow.get(EventRow, events_demo.LECTURE)
    assert (meeting.fee, meeting.capacity, lecture.fee) == (5_000, 100, 0)
    assert meeting.registration_open and meeting.registration_until > clock.today() + timedelta(days=30)


def _table(data: bytes, kind: str) -> list[list[Any]]:
    if kind == "csv":
        return list(csv.reader(io.StringIO(data.decode("utf-8-sig"))))
    return CalamineWorkbook.from_filelike(io.BytesIO(data)).get_sheet_by_index(0).to_python()
