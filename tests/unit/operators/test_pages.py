"""The operator's page through HTTP: who may, what is shown and what is not, and what its buttons do."""

from __future__ import annotations

import re

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from shared import clock
from shared.audit import AuditRow
from shared.bus import inbox
from shared.bus.inbox import InboxRow
from shared.bus.parked import list_parked
from shared.bus.retry import work_off
from shared.identity import STAFF, Role
from shared.ids import new_id
from shared.service import RunningService
from tests.envelopes import envelope
from tests.unit.operators.conftest import NAME, LogIn, nameless_person, park

PAGE = "/billing/operator"
NOT_OPERATORS = sorted(set(Role) - {Role.OPERATOR})


def states(running: RunningService) -> dict[str, str]:
    with running.session(reading=True) as session:
        return dict(session.execute(sa.select(InboxRow.id, InboxRow.state)).all())


def trail(running: RunningService, society: str) -> list[AuditRow]:
    with running.unit(society, reading=True) as uow:
        return list(uow.session.scalars(sa.select(AuditRow).order_by(AuditRow.id)))


def bearer_of(client: FlaskClient) -> str:
    cookie = client.get_cookie("tsudoi_token")
    assert cookie is not None
    return cookie.value


def submit(client: FlaskClient, act: str, **form: str) -> int:
    """Open the page that asks, and send its form."""
    chosen = {name: form[name] for name in ("id", "group", "type") if name in form}
    page = client.get(f"{PAGE}/{act}", query_string=chosen)
    if page.status_code != 200:
        return page.status_code
    token = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
    assert token is not None
    return client.post(f"{PAGE}/{act}", data={"csrf_token": token[1], **form}).status_code


@pytest.mark.row("A21")
@pytest.mark.parametrize("role", NOT_OPERATORS)
def test_nobody_but_operators_sees_or_does_anything(
    running: RunningService, societies: list[str], log_in: LogIn, role: Role
) -> None:
    [id] = park(running, societies[0])
    client, group = log_in(role), list_parked(running)[0].code
    bearer = {"Authorization": f"Bearer {bearer_of(client)}"}  # such a request needs no token of a form
    places = ("", "/figures", f"/groups/{group}", f"/messages/{id}", "/replay", "/discard")
    assert {client.get(PAGE + place).status_code for place in places} == {403}
    for act in ("replay", "discard"):
        assert client.post(f"{PAGE}/{act}", data={"id": id, "reason": "mine"}, headers=bearer).status_code == 403
    assert states(running) == {id: "parked"}


def test_control_the_same_request_of_an_operator_is_obeyed(
    running: RunningService, societies: list[str], log_in: LogIn
) -> None:
    [id] = park(running, societies[0])
    client = log_in(Role.OPERATOR)
    bearer = {"Authorization": f"Bearer {bearer_of(client)}"}
    assert client.post(f"{PAGE}/discard", data={"id": id, "reason": "mine"}, headers=bearer).status_code == 303
    assert states(running) == {id: "discarded"}


def test_without_a_login_one_is_sent_to_it(log_in: LogIn, running: RunningService) -> None:
    client = log_in(Role.OPERATOR)
    client.delete_cookie("tsudoi_token")
    assert client.get(PAGE).status_code == 302


def test_operators_get_no_further_than_their_page(log_in: LogIn) -> None:
    client = log_in(Role.OPERATOR)
    for place in ("/billing/console/", "/billing/console/invoices", "/billing/api/invoices"):
        assert client.get(place).status_code == 403, place
    assert PAGE not in log_in(*STAFF).get("/billing/console/invoices").text


def test_the_page_groups_by_error_and_shows_the_figures(
    running: RunningService, societies: list[str], log_in: LogIn
) -> None:
    park(running, societies[0], 3)
    park(running, societies[1], 2)
    page = log_in(Role.OPERATOR).get(PAGE).text
    [group] = list_parked(running)
    assert group.count == 5 and f"{PAGE}/groups/{group.code}" in page
    assert "PayerUnknown" in page and "payments.PaymentReceived.v1" in page
    assert "forget-old-messages" in page and "never done" in page
    assert f'hx-get="{PAGE}/figures"' in page
    assert "5" in log_in(Role.OPERATOR).get(f"{PAGE}/figures").text
    assert "parked: 5" in log_in(Role.OPERATOR).get(f"{PAGE}/figures?brief=1").text


@pytest.mark.parametrize(("language", "words"), [("ja", "保留中のメッセージ"), ("en", "Parked messages")])
def test_both_languages(
    running: RunningService, societies: list[str], log_in: LogIn, language: str, words: str
) -> None:
    park(running, societies[0])
    assert words in log_in(Role.OPERATOR, language=language).get(PAGE).text


@pytest.mark.rule("S33")
def test_a_message_is_shown_without_a_person_s_texts(
    running: RunningService, societies: list[str], log_in: LogIn
) -> None:
    told = envelope(nameless_person(), societies[0])
    inbox.store(running, [told], state="retrying")
    with running.session() as session:
        row = session.get(InboxRow, told.id)
        assert row is not None
        row.state, row.error = "parked", f"ValueError: cannot read '{NAME}' <hanako@example.jp>"
    for place in ("", f"/groups/{list_parked(running)[0].code}", f"/messages/{told.id}", f"/replay?id={told.id}"):
        page = log_in(Role.OPERATOR).get(PAGE + place).text
        for secret in (NAME, "花子", "hanako"):
            assert secret not in page, (place, secret)
    page = log_in(Role.OPERATOR).get(f"{PAGE}/messages/{told.id}").text
    assert "individual" in page and "cannot read" in page, "codes and words of ours are shown"


@pytest.mark.row("A21")
def test_one_is_tried_again_with_a_reason_that_is_kept(
    running: RunningService, societies: list[str], log_in: LogIn
) -> None:
    first, second = park(running, societies[0], 2)
    client = log_in(Role.OPERATOR)
    assert submit(client, "replay", id=first, reason="") == 422
    assert submit(client, "replay", id=first, reason=" ") == 422
    assert submit(client, "replay", id=first, reason="the payer is known now") == 303
    assert states(running) == {first: "retrying", second: "parked"}
    assert submit(client, "replay", id=first, reason="twice") == 404
    [entry] = trail(running, societies[0])
    assert (entry.action, entry.subject, entry.actor_name) == ("replay-message", f"message/{first}", "運用 守")
    assert entry.after == {"type": "payments.PaymentReceived.v1", "reason": "the payer is known now"}
    while work_off(running):
        pass
    page = client.get(f"{PAGE}/messages/{first}").text
    assert "the payer is known now" in page and "運用 守" in page


def test_all_of_a_group_are_tried_again_at_the_rate_that_was_asked_for(
    running: RunningService, societies: list[str], log_in: LogIn
) -> None:
    ids = park(running, societies[0], 9)
    [group] = list_parked(running)
    client, before = log_in(Role.OPERATOR), clock.now()
    for wrong in ("0", "-1", "1001", "fast"):
        assert submit(client, "replay", group=group.code, reason="mended", rate=wrong) == 422
    assert submit(client, "replay", group=group.code, reason="mended", rate="2") == 303
    with running.session(reading=True) as session:
        due = sorted(at for at in session.scalars(sa.select(InboxRow.next_try_at)) if at)
    assert [(at - due[0]).total_seconds() for at in due] == [number / 2 for number in range(len(ids))]
    assert due[0] >= before


@pytest.mark.rule("O3")
def test_each_society_has_the_entries_about_its_own_messages(
    running: RunningService, societies: list[str], log_in: LogIn
) -> None:
    ours, theirs = park(running, societies[0], 2), park(running, societies[1], 3)
    assert submit(log_in(Role.OPERATOR), "discard", type="payments.PaymentReceived.v1", reason="a test of ours") == 303
    assert set(states(running).values()) == {"discarded"}
    for society, ids in zip(societies, (ours, theirs), strict=True):
        entries = trail(running, society)
        assert {entry.subject for entry in entries} == {f"message/{id}" for id in ids}
        assert all(entry.after and entry.after["reason"] == "a test of ours" for entry in entries)
    page = log_in(Role.OPERATOR).get(f"{PAGE}/messages/{theirs[0]}").text
    assert "minato society" in page and "a test of ours" in page


def test_what_is_not_there_is_not_found(running: RunningService, societies: list[str], log_in: LogIn) -> None:
    park(running, societies[0])
    client = log_in(Role.OPERATOR)
    for place in (
        "/groups/0123456789",
        f"/messages/{new_id()}",
        "/messages/1",
        f"/replay?id={new_id()}",
        "/replay?id=x",
        "/discard?group=x",
        "/discard?type=x",
    ):
        assert client.get(PAGE + place).status_code == 404, place


def test_a_forged_form_does_nothing(running: RunningService, societies: list[str], log_in: LogIn) -> None:
    [id] = park(running, societies[0])
    assert log_in(Role.OPERATOR).post(f"{PAGE}/discard", data={"id": id, "reason": "x"}).status_code == 403
    assert states(running) == {id: "parked"}
