"""From the terms to an application that lies with the office (M1, M2), and links that cannot be used."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from services.members.applications.deciding import admit
from services.members.applications.links import forget_old_applications
from services.members.applications.pending import pending_applications
from services.members.applications.terms import publish_terms
from services.members.models import ApplicationRow, MemberRow
from services.members.standings.words import ENDED
from shared import clock
from shared.messages.members import ApplicationReceived, ApplicationStarted
from shared.service import RunningService
from tests.unit.members.conftest import a_member, csrf, make_society, members_of, post, said, words

EMAIL = "Shinsei@Example.JP"
FORM = {
    "category": "regular",
    "name": "申請 太郎",
    "kana": "シンセイ タロウ",
    "postcode": "１００－０００１",
    "address": "東京都千代田区千代田1-1",
}


@pytest.fixture
def terms(running: RunningService, society: str) -> int:
    with running.unit(society) as uow:
        return publish_terms(uow, text="第1条\n会費を納めること。", text_en="1. Members pay their dues.").edition


def started(running: RunningService) -> list[ApplicationStarted]:
    return [message for message in said(running) if isinstance(message, ApplicationStarted)]


def start(client: FlaskClient, email: str = EMAIL, **form: Any) -> Any:
    given = {"email": email, "edition": 1, "accepted": "true", **form}
    return post(client, "/members/apply", page="/members/login", **given)


def link_of(running: RunningService, client: FlaskClient, email: str = EMAIL) -> str:
    assert start(client, email).status_code == 200
    return started(running)[-1].link.removeprefix("http://localhost")


def send(client: FlaskClient, path: str, step: str = "send", **form: Any) -> Any:
    return post(client, path, page="/members/login", step=step, **{**FORM, **form})


def reason(client: FlaskClient, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 410
    found = re.search(r'data-reason="([^"]+)"', answer.text)
    assert found and ("/members/apply" in answer.text or "/members/login" in answer.text)  # what to do next
    return found[1]


@pytest.mark.rule("M1")
@pytest.mark.rule("M2")
def test_from_the_terms_to_an_application(
    client: FlaskClient, running: RunningService, society: str, terms: int
) -> None:
    assert "会費を納めること。" in client.get("/members/apply").text
    path = link_of(running, client)
    assert "shinsei@example.jp" in client.get(path).text
    shown = send(client, path, "confirm")
    assert shown.status_code == 200 and "100-0001" in shown.text and "正会員" in shown.text
    assert not members_of(running, society), "nothing is sent before it was shown"
    assert "シンセイ タロウ" in send(client, path, "back").text
    answer = send(client, path)
    assert (answer.status_code, answer.location) == (303, f"{path}/done")
    assert client.get(f"{path}/done").status_code == 200
    (member,) = members_of(running, society)
    assert (member.standing, member.email, member.name) == ("applying", "shinsei@example.jp", "申請 太郎")
    assert (member.postcode, member.language, member.number) == ("100-0001", "ja", None)
    (received,) = [message for message in said(running) if isinstance(message, ApplicationReceived)]
    assert (received.person_id, received.proxy) == (member.id, False)


@pytest.mark.rule("M1")
def test_nobody_applies_without_accepting_the_terms_that_are_in_force(
    client: FlaskClient, running: RunningService, society: str, terms: int
) -> None:
    refused = start(client, accepted="")
    assert refused.status_code == 422 and EMAIL in refused.text
    with running.unit(society) as uow:
        publish_terms(uow, text="第1条 改定")
    outdated = start(client)
    assert outdated.status_code == 409 and "第1条 改定" in outdated.text
    assert not started(running)
    assert start(client, edition=2).status_code == 200


@pytest.mark.rule("M1")
def test_without_terms_nobody_can_apply(client: FlaskClient, running: RunningService, society: str) -> None:
    assert 'name="accepted"' not in client.get("/members/apply").text
    assert start(client).status_code == 409
    assert not started(running)


@pytest.mark.rule("M1")
def test_a_newer_application_makes_older_links_invalid(
    client: FlaskClient, running: RunningService, terms: int
) -> None:
    older, newer = link_of(running, client), link_of(running, client, EMAIL.lower())
    other = link_of(running, client, "other@example.jp")
    assert reason(client, older) == "superseded"
    assert send(client, older).status_code == 410
    assert client.get(newer).status_code == client.get(other).status_code == 200


@pytest.mark.rule("M1")
@pytest.mark.parametrize(("seconds", "valid"), [(-1, True), (1, False)])
def test_a_link_is_valid_for_24_hours(
    client: FlaskClient, running: RunningService, terms: int, seconds: int, valid: bool
) -> None:
    path = link_of(running, client)
    (message,) = started(running)
    assert timedelta(hours=23, minutes=59) < message.expires_at - clock.now() <= timedelta(hours=24)
    with clock.travel(to=message.expires_at + timedelta(seconds=seconds)):
        if valid:
            assert client.get(path).status_code == 200
        else:
            assert reason(client, path) == "expired"
            assert send(client, path).status_code == 410


@pytest.mark.rule("M1")
@pytest.mark.rule("S7")
def test_a_link_is_used_once_and_looking_uses_nothing_up(
    client: FlaskClient, running: RunningService, society: str, terms: int
) -> None:
    path = link_of(running, client)
    for _ in range(3):  # mail scanners open links
        assert client.get(path).status_code == 200
    assert send(client, path).status_code == 303
    assert reason(client, path) == "used"
    assert send(client, path, name="別人").status_code == 410
    assert [member.name for member in members_of(running, society)] == ["申請 太郎"]


@pytest.mark.rule("M1")
@pytest.mark.parametrize(("cut", "why"), [(slice(0, 63), "truncated"), (slice(1, None), "truncated")])
def test_a_link_that_a_mail_program_broke_says_so(
    client: FlaskClient, running: RunningService, terms: int, cut: slice, why: str
) -> None:
    head, _, token = link_of(running, client).rpartition("/")
    assert reason(client, f"{head}/{token[cut]}") == why
    assert reason(client, f"{head}/{'A' * 64}") == "unknown"
    assert send(client, f"{head}/{token[cut]}").status_code == 410


@pytest.mark.rule("M3")
@pytest.mark.rule("S6")
@pytest.mark.parametrize("standing", ["active", "left", "applying"])
def test_the_page_is_the_same_for_an_address_that_somebody_has(
    client: FlaskClient, running: RunningService, society: str, terms: int, standing: str
) -> None:
    a_member(running, society, email="known@example.jp", standing=standing)
    known, unknown = start(client, "known@example.jp"), start(client, "nobody@example.jp")
    assert known.status_code == unknown.status_code == 200
    assert words(known).replace("known@", "nobody@") == words(unknown)
    letters = {message.email: message for message in started(running)}
    assert (letters["known@example.jp"].known, letters["known@example.jp"].link) == (standing, "")
    assert letters["nobody@example.jp"].known == "" and letters["nobody@example.jp"].link
    with running.unit(society, reading=True) as uow:
        assert [row.email for row in pending_applications(uow)] == ["nobody@example.jp"]


@pytest.mark.rule("M3")
def test_whoever_was_registered_meanwhile_is_told_because_the_address_is_theirs(
    client: FlaskClient, running: RunningService, society: str, terms: int
) -> None:
    path = link_of(running, client)
    with running.unit(society) as uow:  # by a roster, say: it asks nobody
        uow.session.execute(sa.update(ApplicationRow).values(sent_at=clock.now()))
    person = a_member(running, society, email="shinsei@example.jp")
    with running.unit(society) as uow:
        uow.session.execute(sa.update(ApplicationRow).values(sent_at=None))
    answer = send(client, path)
    assert answer.status_code == 410 and 'data-reason="known"' in answer.text
    assert [member.id for member in members_of(running, society)] == [person.id]


@pytest.mark.rule("M2")
@pytest.mark.parametrize(
    ("field", "value"),
    [("name", ""), ("category", "no-such"), ("kana", ""), ("kana", "Shinsei"), ("postcode", "12"), ("address", "")],
)
def test_what_is_wrong_is_said_at_its_field_and_nothing_is_lost(
    client: FlaskClient, running: RunningService, society: str, terms: int, field: str, value: str
) -> None:
    path = link_of(running, client)
    for step in ("confirm", "send"):
        answer = send(client, path, step, **{field: value, "affiliation": "集い大学"})
        assert answer.status_code == 422
        assert f'id="e-{field}"' in answer.text and "集い大学" in answer.text
    assert not members_of(running, society)
    assert send(client, path).status_code == 303, "the link is as good as before"


def test_who_reads_english_needs_a_name_in_roman_letters_and_no_reading(
    app: Flask, running: RunningService, society: str, terms: int
) -> None:
    client = app.test_client()
    client.get("/members/apply", headers={"Accept-Language": "en"})
    form = {"email": "smith@example.com", "edition": "1", "accepted": "true", "csrf_token": csrf(client)}
    english = {"Accept-Language": "en"}
    assert "Members pay their dues" in client.get("/members/apply", headers=english).text
    assert client.post("/members/apply", data=form, headers=english).status_code == 200
    (message,) = started(running)
    assert message.language == "en"
    path = message.link.removeprefix("http://localhost")
    refused = send(client, path, name="Ann Smith", kana="", postcode="SW1A 1AA", address="London")
    assert refused.status_code == 422 and 'id="e-roman"' in refused.text
    sent = send(client, path, name="Ann Smith", roman="Ann Smith", kana="", postcode="SW1A 1AA", address="London")
    assert sent.status_code == 303
    assert members_of(running, society)[0].language == "en"


@pytest.mark.rule("O3")
def test_a_link_of_another_society_stays_there(
    client: FlaskClient, running: RunningService, society: str, terms: int
) -> None:
    path = link_of(running, client)
    other = make_society(running, "other")
    assert send(client, path).status_code == 303
    assert not members_of(running, other) and len(members_of(running, society)) == 1


@pytest.mark.rule("S10")
def test_nobody_fills_a_mailbox_and_no_place_asks_without_end(
    client: FlaskClient, running: RunningService, terms: int
) -> None:
    for _ in range(7):
        assert start(client).status_code == 200
    assert len(started(running)) == 5
    refused = [start(client, f"a{number}@example.jp").status_code for number in range(60)]
    assert refused[-1] == 429 and refused[0] == 200


def test_links_that_nobody_used_are_forgotten_after_a_month_and_sent_ones_are_kept(
    client: FlaskClient, running: RunningService, society: str, terms: int
) -> None:
    send(client, link_of(running, client))
    link_of(running, client, "unused@example.jp")
    for days, left in ((29, 2), (32, 1)):
        with clock.travel(by=timedelta(days=days)), running.unit(society) as uow:
            forget_old_applications(uow)
            assert uow.session.scalar(sa.select(sa.func.count()).select_from(ApplicationRow)) == left


def test_whoever_is_admitted_has_no_ended_standing(running: RunningService, society: str) -> None:
    person = a_member(running, society, standing="applying")
    with running.unit(society) as uow:
        (row,) = admit(uow, [person.id], joined_on=uow.today)
        assert row.standing not in ENDED
        assert uow.get(MemberRow, person.id).joined_on == uow.today
