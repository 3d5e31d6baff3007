"""A copy of one's own data (S36): all of it, to nobody else, after the password, recorded."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from services.members import throttle
from services.members.models import MemberRow
from services.members.records.by_hand import add_record
from services.members.records.kinds import list_kinds
from shared.audit import AuditRow
from shared.service import RunningService
from tests.unit.members.conftest import PASSWORD, a_member, csrf, log_in, post, with_account

MINE = "/members/my/data"


@pytest.fixture
def member(running: RunningService, society: str, hashed: str) -> MemberRow:
    """With records and a neighbour."""
    row = a_member(
        running, society, name="金糸雀 鳴子", email="m@example.org", note="事務局の備考", custom={"趣味": "歌"}
    )
    neighbour = a_member(running, society, name="隣人 太郎", email="n@example.org")
    with running.unit(society) as uow:
        kind = list_kinds(uow)[0].id
        for whose, title, public in ((row, "論文賞", True), (row, "非公開の賞", False), (neighbour, "隣の賞", True)):
            add_record(
                uow, whose.id, {"kind_id": kind, "title": title, "starts_on": date(2026, 4, 1), "public": public}
            )
    with_account(running, society, row, hashed)
    return row


def unpacked(answer: Any) -> dict[str, str]:
    assert answer.status_code == 200 and answer.mimetype == "application/zip", answer.text
    with zipfile.ZipFile(io.BytesIO(answer.data)) as pack:
        return {name: pack.read(name).decode("utf-8-sig") for name in pack.namelist()}


def actions(running: RunningService, society: str) -> list[str]:
    with running.unit(society, reading=True) as uow:
        return list(uow.session.scalars(sa.select(AuditRow.action).where(AuditRow.action.like("download-%"))))


@pytest.mark.rule("S36")
def test_a_member_takes_all_that_is_theirs_and_nothing_else(
    running: RunningService, society: str, member: MemberRow, client: FlaskClient
) -> None:
    log_in(client, "m@example.org")
    assert post(client, MINE, page=MINE, password="wrong").status_code == 422
    files = unpacked(post(client, MINE, page=MINE, password=PASSWORD))
    data = json.loads(files["data.json"])
    assert {row["item"]: row["value"] for row in data["profile"]}["email"] == "m@example.org"
    assert [row["title"] for row in data["records"]] == ["論文賞"]
    assert data["standings"][0]["standing"] == "active" and len(data["logins"]) == 1
    assert [row["action"] for row in data["changes"]] == ["add-member"]
    assert "氏名,金糸雀 鳴子" in files["profile.csv"] and "論文賞" in files["records.csv"]
    everything = "".join(files.values())
    assert not any(text in everything for text in ("事務局の備考", "非公開の賞", "隣の賞", "argon2"))
    assert actions(running, society) == ["download-own-data"]


@pytest.mark.rule("S36")
@pytest.mark.rule("S24")
def test_a_copy_is_not_taken_again_and_again(
    member: MemberRow, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(throttle, "OWN_DATA_AN_HOUR", 1)
    log_in(client, "m@example.org")
    header = {"X-CSRFToken": csrf(client, MINE)}
    asked = [client.post("/members/api/my/data", json={"password": PASSWORD}, headers=header) for _ in range(2)]
    assert [answer.status_code for answer in asked] == [200, 429]


@pytest.mark.rule("S36")
def test_the_office_hands_out_all_of_it_on_request(
    running: RunningService, society: str, member: MemberRow, app: Flask, hashed: str
) -> None:
    admin = a_member(running, society, name="管理 花子", email="admin@example.org")
    with_account(running, society, admin, hashed, ["administrator"])
    office, page = app.test_client(), f"/members/console/members/{member.id}/erasure"
    log_in(office, "admin@example.org")
    assert post(office, f"{page}/data", password="wrong").status_code == 422
    everything = "".join(unpacked(post(office, f"{page}/data", password=PASSWORD)).values())
    assert all(text in everything for text in ("事務局の備考", "非公開の賞", "歌")) and "隣の賞" not in everything
    assert actions(running, society) == ["download-person-data"]
    assert "事務局がダウンロード" in office.get(f"/members/console/members/{member.id}").text
    header = {"X-CSRFToken": csrf(office, "/members/password")}
    api = office.post(f"/members/api/members/{member.id}/data", json={"password": PASSWORD}, headers=header)
    assert [row["title"] for row in api.get_json()["tables"]["records"]] == ["論文賞", "非公開の賞"]
