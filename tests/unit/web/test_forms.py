"""Forms go through the API's schemas and come back with what was typed and what is wrong."""

from __future__ import annotations

from typing import Any

import pytest

from shared.identity import Role
from tests.unit.web.conftest import LogIn
from tests.unit.web.test_csrf import token_on


@pytest.fixture
def post(log_in: LogIn) -> Any:
    client = log_in(Role.ACCOUNTING)
    token = token_on(client)
    return lambda **data: client.post("/sample/console/fees", data={"csrf_token": token, **data})


@pytest.mark.parametrize("typed", ["12000", "12,000", " ¥12,000 ", "１２，０００", "12000円"])
def test_amounts_are_read_as_people_write_them(post: Any, typed: str) -> None:
    assert post(name="a", amount=typed).json["amount"] == 12_000


def test_blank_means_not_given_and_texts_are_stripped(post: Any) -> None:
    assert post(name=" 髙橋 ", amount="1", active="").json == {"name": "髙橋", "amount": 1, "active": False}


def test_repeated_inputs_become_a_list(post: Any) -> None:
    assert post(name="a", amount="1", options=["a", "b"]).json["options"] == ["a", "b"]


def test_a_refused_form_keeps_what_was_typed_and_says_what_is_wrong(post: Any) -> None:
    answer = post(name="<b>a</b>" * 9, amount="many", options=["b"])
    assert answer.status_code == 422
    assert 'aria-invalid="true"' in answer.text
    assert "整数で入力してください。" in answer.text
    assert "1～20文字で入力してください。" in answer.text
    assert 'value="many"' in answer.text
    assert 'value="b" checked' in answer.text
    assert "&lt;b&gt;a&lt;/b&gt;" in answer.text
    assert "<b>a</b>" not in answer.text
