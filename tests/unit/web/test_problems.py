"""Errors become the right answer for whoever asked: problem+json, a page, a notice; in their language."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from shared.errors import Fault
from shared.identity import Role
from shared.web.validation import fault_for

Caller = Callable[..., Any]


@pytest.fixture
def call(client: FlaskClient, token: Callable[..., str]) -> Caller:
    """POST a fee as an integrator."""

    def make(language: str = "ja", **body: Any) -> Any:
        headers = {"Authorization": f"Bearer {token(Role.ACCOUNTING)}", "Accept-Language": language}
        return client.post("/sample/api/fees/", json=body, headers=headers)

    return make


def test_a_domain_error_is_a_problem_with_its_slug_and_status(call: Caller) -> None:
    answer = call(name="used", amount=1)
    assert answer.mimetype == "application/problem+json"
    body = json.loads(answer.text)
    assert (body["type"], body["status"], answer.status_code) == ("fee-already-used", 409, 409)
    assert body["detail"] == "The fee used is in use."
    assert len(body["trace"]) == 32


@pytest.mark.parametrize(
    ("language", "detail", "fault"),
    [
        ("ja", "入力内容をご確認ください。まだ何も保存されていません。", "0～300000の範囲で入力してください。"),
        ("en", "Please correct the input: nothing was saved.", "Please enter a value from 0 to 300000."),
    ],
)
def test_schema_errors_name_fields_in_the_readers_language(
    call: Caller, language: str, detail: str, fault: str
) -> None:
    answer = call(language, name="a", amount=300_001)
    assert answer.status_code == 422
    body = json.loads(answer.text)
    assert (body["type"], body["detail"]) == ("invalid-input", detail)
    assert body["errors"] == [{"field": "amount", "detail": fault}]


def test_unknown_missing_and_wrong_fields_are_all_named(call: Caller) -> None:
    errors = json.loads(call("en", amount="x", options=["a", 1], more=1).text)["errors"]
    assert {(e["field"], e.get("row"), e["detail"]) for e in errors} == {
        ("name", None, "Please fill this in."),
        ("amount", None, "Please enter a whole number."),
        ("options", 2, "Please enter text."),
        ("more", None, "There is no field of this name."),
    }


@pytest.mark.parametrize("body", [b"{", b"[]", b"null", b"\xff", b'"a"', b""])
def test_malformed_json_is_a_problem_not_a_crash(client: FlaskClient, token: Callable[..., str], body: bytes) -> None:
    headers = {"Authorization": f"Bearer {token(Role.ACCOUNTING)}", "Content-Type": "application/json"}
    answer = client.post("/sample/api/fees/", data=body, headers=headers)
    assert answer.status_code in (400, 422)
    assert answer.mimetype == "application/problem+json"


def test_a_wrong_method_names_the_right_ones(client: FlaskClient) -> None:
    answer = client.delete("/sample/api/fees/")
    assert (answer.status_code, answer.mimetype) == (405, "application/problem+json")
    assert set(answer.headers["Allow"].split(", ")) >= {"GET", "POST"}


def test_an_unknown_page_is_a_kind_page(client: FlaskClient) -> None:
    answer = client.get("/sample/nothing")
    assert (answer.status_code, answer.mimetype) == (404, "text/html")
    assert "お探しのページは見つかりません" in answer.text


def test_an_error_in_a_fragment_is_a_notice(client: FlaskClient) -> None:
    answer = client.get("/sample/nothing", headers={"HX-Request": "true"})
    assert answer.headers["HX-Retarget"] == "#notices"
    assert "<html" not in answer.text


def test_a_defect_shows_its_trace_and_nothing_of_itself(client: FlaskClient) -> None:
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    answer = client.get("/sample/broken", headers={"traceparent": f"00-{trace}-00f067aa0ba902b7-01"})
    assert answer.status_code == 500
    assert trace[:12] in answer.text
    assert "a secret detail" not in answer.text


def test_a_database_that_does_not_answer_is_503_with_retry_after(client: FlaskClient) -> None:
    answer = client.get("/sample/down")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert "一時的に利用できません" in answer.text


def test_a_form_sent_after_the_session_ended_says_how_to_log_in(client: FlaskClient) -> None:
    answer = client.post("/sample/console/fees", data={"name": "a"})
    assert answer.status_code == 401
    assert 'href="/members/login"' in answer.text


def test_a_sentence_of_a_service_stays_as_it_is() -> None:
    assert fault_for("At most 50% of the fee.") == Fault(text="At most 50% of the fee.")
