"""Saved searches 保存した検索 (M9): of one's own and for the whole office, on pages and in the API."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from services.members import saved_searches
from services.members.categories import add_category, remove_category
from services.members.models import SavedSearchRow
from shared.audit import AuditRow
from shared.identity import Role
from shared.service import RunningService
from tests.unit.members.conftest import LogIn, a_member, post

LIST = "/members/console/members"
SEARCHES = "/members/console/searches"
API = "/members/api/searches"


@pytest.fixture
def office(as_role: LogIn) -> FlaskClient:
    return as_role(Role.AFFAIRS)


@pytest.fixture
def colleague(as_role: LogIn) -> FlaskClient:
    return as_role(Role.READER)


def save(browser: FlaskClient, name: str, **form: Any) -> Any:
    return post(browser, SEARCHES, page=f"{SEARCHES}/new", name=name, **form)


def rows(running: RunningService, society: str) -> list[SavedSearchRow]:
    with running.unit(society, reading=True) as uow:
        return list(uow.session.scalars(sa.select(SavedSearchRow).order_by(SavedSearchRow.name)))


@pytest.mark.rule("M9")
def test_a_search_is_saved_opened_given_other_conditions_renamed_and_removed(
    running: RunningService, society: str, office: FlaskClient
) -> None:
    a_member(running, society, name="学生 会員", category="student")
    a_member(running, society, name="正会 員")
    assert "会員種別：学生会員" in office.get(f"{SEARCHES}/new?category=student").text
    opened = save(office, "学生", category="student").headers["Location"]
    page = office.get(opened).text
    assert "学生 会員" in page and "正会 員" not in page and "上書き保存" not in page
    (row,) = rows(running, society)
    assert (row.conditions, row.shared) == ({"category": ["student"]}, False)

    other = f"{LIST}?category=regular&standing=active&saved={row.id}"
    assert "「学生」に上書き保存" in office.get(other).text
    post(office, f"{SEARCHES}/{row.id}/conditions", page=LIST, category="regular", standing="active")
    assert rows(running, society)[0].conditions == {"category": ["regular"], "standing": ["active"]}
    post(office, f"{SEARCHES}/{row.id}", page=f"{SEARCHES}/{row.id}", name="正会員", shared="true")
    assert [(r.name, r.shared) for r in rows(running, society)] == [("正会員", True)]
    assert "正会員" in office.get(SEARCHES).text and "事務局全員" in office.get(SEARCHES).text
    post(office, f"{SEARCHES}/{row.id}/remove", page=LIST)
    assert rows(running, society) == []
    with running.unit(society, reading=True) as uow:
        done = uow.session.scalars(sa.select(AuditRow.action).where(AuditRow.subject == f"search/{row.id}")).all()
    assert list(done) == ["save-search", "change-search", "change-search", "remove-search"]


@pytest.mark.rule("M9")
@pytest.mark.rule("S2")
def test_what_is_shared_is_seen_by_all_and_changed_by_its_owner_and_administrators(
    running: RunningService, society: str, office: FlaskClient, colleague: FlaskClient, as_role: LogIn
) -> None:
    a_member(running, society)
    save(office, "共有の検索", q="高橋", shared="true")
    save(office, "自分の検索", q="山田")
    mine, shared = (next(row for row in rows(running, society) if row.shared is shared) for shared in (False, True))
    administrator = as_role(Role.ADMINISTRATOR)
    for browser in (colleague, administrator):
        assert "共有の検索" in browser.get(LIST).text and "自分の検索" not in browser.get(LIST).text
        assert browser.get(f"{SEARCHES}/{mine.id}").status_code == 404
        assert post(browser, f"{SEARCHES}/{mine.id}/remove", page=LIST).status_code == 404
        assert "自分の検索" not in browser.get(f"{LIST}?saved={mine.id}").text
    for place, form in (("", {"name": "x"}), ("/conditions", {"q": "x"}), ("/remove", {})):
        assert post(colleague, f"{SEARCHES}/{shared.id}{place}", page=LIST, **form).status_code == 403, place
    assert post(administrator, f"{SEARCHES}/{shared.id}/remove", page=LIST).status_code == 303
    assert [row.name for row in rows(running, society)] == ["自分の検索"]


@pytest.mark.rule("M9")
def test_a_name_is_ones_own_once_and_a_double_click_means_once(
    running: RunningService, society: str, office: FlaskClient, colleague: FlaskClient
) -> None:
    for _ in range(2):
        assert save(office, "学生", category="student").status_code == 303
    assert len(rows(running, society)) == 1
    again = save(office, "学生", category="regular")
    assert again.status_code == 409 and 'id="e-name"' in again.text and 'value="regular"' in again.text
    assert save(office, "").status_code == 422
    assert save(colleague, "学生", category="regular").status_code == 303, "a colleague's names are others"
    save(office, "正会員", category="regular")
    row = next(row for row in rows(running, society) if row.name == "正会員")
    renamed = post(office, f"{SEARCHES}/{row.id}", page=LIST, name="学生")
    assert renamed.status_code == 409 and 'id="e-name"' in renamed.text


@pytest.mark.rule("M9")
def test_there_are_only_so_many(
    running: RunningService, society: str, office: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(saved_searches, "MOST", 2)
    assert [save(office, str(n)).status_code for n in range(3)] == [303, 303, 409]
    assert len(rows(running, society)) == 2


@pytest.mark.rule("M9")
def test_a_saved_search_whose_category_is_gone_says_so(
    running: RunningService, society: str, office: FlaskClient
) -> None:
    with running.unit(society) as uow:
        add_category(uow, code="guests", name="客員", name_en="Guests")
    opened = save(office, "客員だけ", category="guests").headers["Location"]
    assert office.get(opened).status_code == 200
    with running.unit(society) as uow:
        remove_category(uow, "guests")
    page = office.get(opened)
    assert page.status_code == 422 and page.text.count('id="e-category"') == 1
    assert "客員だけ" in office.get(SEARCHES).text, "it is still in the list, to be removed"


@pytest.mark.rule("W4")
@pytest.mark.rule("M9")
def test_integrators_save_searches_too(running: RunningService, society: str, office: FlaskClient) -> None:
    ask: dict[str, Any] = {"headers": {"Authorization": f"Bearer {office.get_cookie('tsudoi_token').value}"}}  # type: ignore[union-attr]
    made = office.post(API, json={"name": "学生", "conditions": {"category": ["student"], "email": "no"}}, **ask)
    assert (made.status_code, made.get_json()["conditions"]) == (201, {"category": ["student"], "email": "no"})
    address = f"{API}/{made.get_json()['id']}"
    assert office.patch(address, json={"shared": True}, **ask).get_json()["name"] == "学生"
    changed = office.patch(address, json={"conditions": {"q": "高橋"}}, **ask).get_json()
    assert (changed["conditions"], changed["shared"]) == ({"q": "高橋"}, True)
    wrong = office.post(API, json={"name": "x", "conditions": {"on": "2020-01-01", "colour": "red"}}, **ask)
    assert (wrong.status_code, wrong.get_json()["errors"][0]["field"]) == (422, "conditions.colour")
    assert [row["name"] for row in office.get(API, **ask).get_json()] == ["学生"]
    assert office.delete(address, **ask).status_code == 204
    assert office.get(API, **ask).get_json() == []
