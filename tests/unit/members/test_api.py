"""What integrators can do: members, import, oneself; strictly checked."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from flask.testing import FlaskClient

from services.members.settings import MembersSettings
from shared.identity import Role
from shared.service import RunningService
from tests.tokens import token_of
from tests.unit.members.conftest import a_member, members_of, work
from tests.unit.members.roster_files import ROWS, roster
from tests.unit.members.test_applying import link_of

API = "/members/api"


@pytest.fixture
def bearer(running: RunningService, society: str) -> dict[str, str]:
    """The header of an integrator of the member affairs."""
    assert isinstance(running.settings, MembersSettings)
    token = token_of(running.settings.token_key.read_bytes(), Role.AFFAIRS, society=society, name="連携")
    return {"Authorization": f"Bearer {token}", "Accept-Language": "en"}


def add(client: FlaskClient, bearer: dict[str, str], **fields: Any) -> Any:
    return client.post(f"{API}/members", json={"name": "髙橋 花子", **fields}, headers=bearer)


@pytest.mark.rule("W4")
def test_a_member_is_added_read_and_changed(client: FlaskClient, bearer: dict[str, str]) -> None:
    made = add(client, bearer, kana="たかはし", category="regular", joined_on="2026-04-01", custom={"推薦者": "山田"})
    assert made.status_code == 201
    assert (made.get_json()["kana"], made.get_json()["joined_on"], made.get_json()["revision"]) == (
        "タカハシ",
        "2026-04-01",
        1,
    )
    address = f"{API}/members/{made.get_json()['id']}"
    changed = client.patch(address, json={"language": "en", "revision": 1}, headers=bearer)
    assert (changed.get_json()["language"], changed.get_json()["revision"], changed.get_json()["name"]) == (
        "en",
        2,
        "髙橋 花子",
    )
    late = client.patch(address, json={"language": "ja", "revision": 1}, headers=bearer)
    assert (late.status_code, late.get_json()["type"]) == (409, "changed-meanwhile")
    assert client.get(address, headers=bearer).get_json()["custom"] == {"推薦者": "山田"}


@pytest.mark.rule("S5")
@pytest.mark.parametrize(
    "field",
    ["id", "society_id", "revision", "kind", "changed_at", "search", "roles", "password_hash", "address_dead_at"],
)
def test_no_field_is_set_that_is_not_offered(
    client: FlaskClient, running: RunningService, society: str, bearer: dict[str, str], field: str
) -> None:
    answer = add(client, bearer, **{field: "x"})
    assert (answer.status_code, answer.get_json()["errors"][0]["field"]) == (422, field)
    assert members_of(running, society) == []


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", 7),
        ("name", None),
        ("kana", "漢字"),
        ("email", "nobody"),
        ("joined_on", "2026-02-30"),
        ("joined_on", 20260401),
        ("standing", "asleep"),
        ("category", "none"),
        ("language", "fr"),
        ("custom", {"a": 1}),
        ("custom", "text"),
    ],
)
def test_wrong_values_are_told_by_field(
    client: FlaskClient, running: RunningService, society: str, bearer: dict[str, str], field: str, value: object
) -> None:
    answer = add(client, bearer, **{field: value})
    assert answer.status_code == 422
    assert answer.get_json()["errors"][0]["field"].startswith(field)
    assert members_of(running, society) == []


@pytest.mark.parametrize("note", ["\ud800", "a\udfff", "\udc00\ud800"])
def test_halves_of_characters_are_refused(
    client: FlaskClient, running: RunningService, society: str, bearer: dict[str, str], note: str
) -> None:
    answer = client.post(
        f"{API}/members",
        data=json.dumps({"name": "髙橋", "note": note}),
        content_type="application/json",
        headers=bearer,
    )
    assert answer.status_code == 422 and members_of(running, society) == []
    for strange in ('{"\\ud800": "\\ud800"}', f'{{"note": {"[" * 5_000}{"]" * 5_000}}}', f'{{"note": {"9" * 5_000}}}'):
        refused = client.post(f"{API}/members", data=strange, content_type="application/json", headers=bearer)
        assert refused.status_code == 422, strange[:20]
    whole = client.post(
        f"{API}/members", data=json.dumps({"name": "𠮷田"}), content_type="application/json", headers=bearer
    )
    assert whole.status_code == 201, "a character that JSON writes in two halves"


@pytest.mark.rule("M9")
def test_lists_come_in_pages(
    client: FlaskClient, running: RunningService, society: str, bearer: dict[str, str]
) -> None:
    ids = [a_member(running, society, number=str(number)).id for number in range(5)]
    found: list[str] = []
    after = None
    while True:
        query = {"limit": 2, **({"after": after} if after else {})}
        page = client.get(f"{API}/members", query_string=query, headers=bearer).get_json()
        found += [member["id"] for member in page["members"]]
        after = page["next"]
        if after is None:
            break
    assert found == ids
    assert client.get(f"{API}/members?limit=100000", headers=bearer).status_code == 422


@pytest.mark.rule("M10")
def test_a_roster_is_imported_by_program(
    client: FlaskClient, running: RunningService, society: str, bearer: dict[str, str]
) -> None:
    def upload(text: str) -> str:
        file = (io.BytesIO(text.encode()), "roster.csv")
        answer = client.post(f"{API}/imports", data={"file": file}, content_type="multipart/form-data", headers=bearer)
        assert (answer.status_code, answer.get_json()["state"]) == (202, "checking")
        work(running)
        return f"{API}/imports/{answer.get_json()['id']}"

    wrong = upload(roster("1,山田,,,,謎,,,,,,,,"))
    assert client.get(wrong, headers=bearer).get_json()["can_be_imported"] is False
    (fault,) = client.get(f"{wrong}/faults", headers=bearer).get_json()
    assert (fault["row"], fault["column"]) == (2, "category")
    assert client.post(f"{wrong}/confirm", headers=bearer).status_code == 409
    assert client.delete(wrong, headers=bearer).status_code == 204
    right = upload(roster(*ROWS))
    assert client.post(f"{right}/confirm", headers=bearer).status_code == 202
    work(running)
    assert client.get(right, headers=bearer).get_json()["state"] == "imported"
    assert len(members_of(running, society)) == 2


def test_an_upload_without_a_file_is_refused(client: FlaskClient, society: str, bearer: dict[str, str]) -> None:
    assert client.post(f"{API}/imports", headers=bearer).status_code == 422
    empty = {"file": (io.BytesIO(b""), "empty.csv")}
    assert (
        client.post(f"{API}/imports", data=empty, content_type="multipart/form-data", headers=bearer).status_code == 422
    )


@pytest.mark.rule("M10")
def test_a_hundred_megabytes_are_refused(
    client: FlaskClient, running: RunningService, society: str, bearer: dict[str, str]
) -> None:
    data = {"file": (io.BytesIO(b"x" * (100 << 20)), "huge.csv")}
    answer = client.post(f"{API}/imports", data=data, content_type="multipart/form-data", headers=bearer)
    assert answer.status_code == 413


def test_everybody_can_ask_who_they_are(client: FlaskClient, society: str, bearer: dict[str, str]) -> None:
    me = client.get(f"{API}/me", headers=bearer).get_json()
    assert (me["name"], me["roles"], me["society_id"]) == ("連携", ["affairs"], society)


@pytest.mark.rule("W4")
def test_applications_are_decided_like_on_the_pages(
    client: FlaskClient, running: RunningService, society: str, bearer: dict[str, str]
) -> None:
    ask: dict[str, Any] = {"headers": bearer}
    assert client.post(f"{API}/terms", json={"text": "会員規約"}, **ask).get_json()["edition"] == 1
    assert [row["edition"] for row in client.get(f"{API}/terms", **ask).get_json()] == [1]
    link_of(running, client, "wait@example.jp")
    (pending,) = client.get(f"{API}/applications", **ask).get_json()
    assert pending["email"] == "wait@example.jp" and "secret" not in pending
    assert client.delete(f"{API}/applications/{pending['id']}", **ask).status_code == 204
    assert client.get(f"{API}/applications", **ask).get_json() == []
    person = a_member(running, society, standing="applying")
    joined = {"ids": [person.id], "joined_on": "2026-04-01"}
    assert client.post(f"{API}/admissions", json=joined, **ask).get_json()[0]["standing"] == "active"
    assert client.post(f"{API}/admissions", json=joined, **ask).status_code == 409
    assert client.post(f"{API}/admissions", json={**joined, "ids": []}, **ask).status_code == 422
