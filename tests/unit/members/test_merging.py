"""Two records of one person become one 名寄せ (M18+): nothing of either is lost, the one that is gone leads on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from services.members.accounts import change_roles, invite_staff
from services.members.certificates import certificates_of, issue_certificate
from services.members.codes import codes_of, renew_code
from services.members.duplicates import moving
from services.members.duplicates.finding import find_duplicates
from services.members.duplicates.merging import merge_members
from services.members.duplicates.pairs import tell_apart
from services.members.erasure.erasing import erase_on_request
from services.members.errors.duplicates import KeepTheOtherOne, NotMergeable
from services.members.errors.erasure import NotToBeErased
from services.members.errors.logins import OperatorApart
from services.members.errors.people import NumberInUse
from services.members.histories.coming import begin_histories, let_standings_come
from services.members.member_requests import make_request, requests_of
from services.members.members import add_guest, change_member, mark_address_dead
from services.members.models import (
    AccountRow,
    Base,
    DuplicateRow,
    LoginSessionRow,
    MemberRow,
    NumberRow,
    RecordRow,
    SelectedRow,
    SelectionRow,
)
from services.members.records.by_hand import add_record
from services.members.records.kinds import list_kinds
from services.members.search import matching
from services.members.selections import choose
from services.members.standings.history import change_standing
from shared import clock
from shared.audit import AuditRow
from shared.errors import ChangedMeanwhile, Forbidden
from shared.identity import Actor, Role
from shared.messages.members import PersonChanged, PersonMerged, SessionsEnded
from shared.service import RunningService
from shared.uow import UnitOfWork
from tests.unit.members.conftest import LogIn, a_member, check, histories, log_in, post, said, today, with_account

PAIR = "/members/console/duplicates/{kept}/{gone}"


@pytest.fixture
def office(as_role: LogIn) -> FlaskClient:
    return as_role(Role.AFFAIRS)


@pytest.fixture
def kept(running: RunningService, society: str) -> MemberRow:
    return a_member(
        running,
        society,
        number="1001",
        kana="タカハシ ハナコ",
        email="new@example.jp",
        note="表彰済",
        custom={"専門": "物理"},
    )


@pytest.fixture
def gone(running: RunningService, society: str) -> MemberRow:
    values: dict[str, Any] = {"kana": "タカハシ ハナコ", "email": "old@example.jp", "phone": "03-1111-2222"}
    values |= {"note": "旧名簿", "custom": {"専門": "化学", "学位": "博士"}, "joined_on": date(2015, 4, 1)}
    return a_member(running, society, number="77", **values)


def merge(running: RunningService, society: str, kept: MemberRow, gone: MemberRow, **chosen: str) -> MemberRow:
    with running.unit(society, actor=Actor(kind="person", id=None, name="事務 花子")) as uow:
        return merge_members(uow, kept.id, gone.id, chosen, revisions=_revisions(uow, kept, gone))


def _revisions(uow: UnitOfWork, *rows: MemberRow) -> tuple[int, int]:
    one, other = (uow.get(MemberRow, row.id).revision for row in rows)
    return one, other


def now(running: RunningService, society: str, member: MemberRow) -> MemberRow:
    with running.unit(society, reading=True) as uow:
        return uow.session.scalars(sa.select(MemberRow).where(MemberRow.id == member.id)).one()


@pytest.mark.rule("M18")
def test_the_office_looks_at_both_chooses_and_merges_once(
    running: RunningService, society: str, office: FlaskClient, kept: MemberRow, gone: MemberRow
) -> None:
    place = PAIR.format(kept=kept.id, gone=gone.id)
    page = office.get(place).text
    assert all(text in page for text in ("new@example.jp", "old@example.jp", "残す会員", "物理", "化学", "旧名簿"))
    form = {"kept_revision": kept.revision, "gone_revision": gone.revision, "email": "gone", "custom.専門": "gone"}
    assert post(office, place, page=place, **{**form, "kept_revision": "0"}).status_code == 409
    assert post(office, place, page=place, **{**form, "email": "both"}).status_code == 422
    first = post(office, place, page=place, **form)
    assert first.status_code == 303 and first.location.endswith(kept.id)
    again = post(office, place, page="/members/password", **form)
    assert again.location == first.location, "twice clicked is once"
    row = now(running, society, kept)
    assert (row.email, row.number, row.phone) == ("old@example.jp", "1001", "03-1111-2222")
    assert (row.note, row.custom) == ("表彰済\n旧名簿", {"専門": "化学", "学位": "博士"})
    assert row.joined_on == date(2015, 4, 1), "the only one there is"
    told = office.get(f"/members/console/members/{kept.id}").text
    assert "new@example.jp" in told and "old@example.jp" in told and "表彰済" in told
    assert "言語:</span> 日本語</div>" in told and "03-1111-2222 → –" not in told, (
        "as it was, and not as if it had gone"
    )
    with running.unit(society, reading=True) as uow:
        entries = uow.session.scalars(sa.select(AuditRow).where(AuditRow.action == "merge-away")).all()
        assert [(e.subject, e.before["email"], e.before["number"]) for e in entries if e.before] == [
            (f"member/{gone.id}", "old@example.jp", "77")
        ]
        used = uow.session.scalars(sa.select(NumberRow.number).where(NumberRow.member_id == kept.id)).all()
    assert sorted(used) == ["1001", "77"]
    merged = [m for m in said(running) if isinstance(m, PersonMerged)]
    assert [(m.from_id, m.into_id) for m in merged] == [(gone.id, kept.id)]
    last = {m.person.id: m.person for m in said(running) if isinstance(m, PersonChanged)}
    assert (last[gone.id].kind, last[gone.id].email, last[gone.id].number) == ("merged", "", None)
    assert last[gone.id].revision == merged[0].revision and last[kept.id].email == "old@example.jp"


@pytest.mark.rule("M18")
def test_the_record_that_is_gone_is_found_nowhere_and_leads_to_the_other(
    running: RunningService, society: str, office: FlaskClient, kept: MemberRow, gone: MemberRow
) -> None:
    merge(running, society, kept, gone)
    answer = office.get(f"/members/console/members/{gone.id}")
    assert answer.status_code == 303 and answer.location.endswith(f"/members/console/members/{kept.id}")
    for place in (f"/members/console/members/{gone.id}/standings", PAIR.format(kept=gone.id, gone=kept.id)):
        assert office.get(place).location.endswith(kept.id)
    token = {"Authorization": f"Bearer {office.get_cookie('tsudoi_token').value}"}  # type: ignore[union-attr]
    problem = office.get(f"/members/api/members/{gone.id}", headers=token)
    assert problem.status_code == 410 and kept.id in problem.get_json()["detail"] and kept.id in problem.headers["Link"]
    assert office.patch(f"/members/api/members/{gone.id}", json={"name": "x"}, headers=token).status_code == 410
    edit = f"/members/console/members/{gone.id}/edit"
    assert post(office, edit, page="/members/password", name="x", category="regular").status_code == 410
    listed = office.get("/members/api/members", headers=token).get_json()["members"]
    assert [row["id"] for row in listed] == [kept.id]
    with running.unit(society) as uow:
        assert uow.session.scalars(matching()).all() == [uow.get(MemberRow, kept.id)]
        begin_histories(uow)
        find_duplicates(uow)
        mark_address_dead(uow, gone.id, uow.now)
        assert uow.get(MemberRow, kept.id).address_dead_at, "a letter to the old id came back"
        assert uow.session.scalars(sa.select(DuplicateRow)).all() == []
    other = a_member(running, society, name="別 人")
    with pytest.raises(NumberInUse), running.unit(society) as uow:
        change_member(uow, other.id, {"number": "77"})
    roster = check(running, society, "会員番号,氏名,会員種別\n77,髙橋 花子,正会員\n".encode())
    assert roster.faults, "nobody else gets the number by a roster"


@pytest.mark.rule("M18")
def test_what_belongs_to_the_one_goes_over_and_what_both_have_is_kept_once(
    running: RunningService, society: str, kept: MemberRow, gone: MemberRow
) -> None:
    day = {"starts_on": date(2026, 4, 1)}
    with running.unit(society) as uow:
        kind = list_kinds(uow)[0].id
        add_record(uow, kept.id, {"kind_id": kind, "title": "大会", **day})
        add_record(uow, gone.id, {"kind_id": kind, "title": "大会", "note": "座長", **day})
        add_record(uow, gone.id, {"kind_id": kind, "title": "論文賞", **day})
        issue_certificate(uow, gone.id, "ja")
        for row in (kept, gone):
            renew_code(uow, ("s" * 32,), row.id)
            make_request(uow, row.id, "leave", {"day": uow.today}, reason="")
        make_request(uow, gone.id, "withdrawal", {"day": uow.today}, reason="")
        both = choose(uow, sa.select(MemberRow))
        alone = choose(uow, sa.select(MemberRow).where(MemberRow.id == gone.id))
    merge(running, society, kept, gone)
    with running.unit(society, reading=True) as uow:
        titles = uow.session.execute(sa.select(RecordRow.title, RecordRow.member_id).order_by(RecordRow.title)).all()
        assert titles == [("大会", kept.id), ("論文賞", kept.id)]
        assert len(certificates_of(uow, kept.id)) == 1
        assert [row.ended_at is None for row in codes_of(uow, kept.id)] == [True, False]
        states = sorted((row.kind, row.state) for row in requests_of(uow, kept.id))
        assert states == [("leave", "taken_back"), ("leave", "waiting"), ("withdrawal", "waiting")]
        chosen = uow.session.execute(sa.select(SelectedRow.selection_id, SelectedRow.member_id)).all()
        assert sorted(chosen) == sorted([(both.id, kept.id), (alone.id, kept.id)])
        assert [uow.get(SelectionRow, each.id).count for each in (both, alone)] == [1, 1]
        (entry,) = uow.session.scalars(sa.select(AuditRow).where(AuditRow.action == "merge-members")).all()
        assert entry.before and "座長" in entry.before["record"], "the double is in the history of changes"


@pytest.mark.rule("M18")
def test_older_entries_join_the_history_and_the_rest_stays_readable(
    running: RunningService, society: str, office: FlaskClient, gone: MemberRow
) -> None:
    with running.unit(society) as uow:
        change_standing(uow, gone.id, "left", starts_on=date(2020, 4, 1))
        change_standing(uow, gone.id, "active", starts_on=today(running, society) + timedelta(days=30))
    returned = a_member(running, society, name="髙橋 花子", joined_on=date(2023, 4, 1))
    merge(running, society, returned, gone)
    whole = [("active", date(2015, 4, 1)), ("left", date(2020, 4, 1)), ("active", date(2023, 4, 1))]
    assert histories(running, society) == {"髙橋 花子": whole}
    with clock.travel(by=timedelta(days=31)), running.unit(society) as uow:
        let_standings_come(uow)
    assert now(running, society, gone).standing == "left", "what was scheduled for the one does not come"
    older = a_member(running, society, name="別 記録", joined_on=date(2010, 4, 1))
    with running.unit(society) as uow:
        change_standing(uow, older.id, "on_leave", starts_on=date(2024, 4, 1))
    merge(running, society, returned, older)
    found = histories(running, society)["髙橋 花子"]
    assert found == [("active", date(2010, 4, 1)), *whole[1:]], "what only repeats it is not needed any more"
    page = office.get(f"/members/console/duplicates/merged/{returned.id}").text
    assert "別 記録" in page and "休会" in page


@pytest.mark.rule("M18")
@pytest.mark.rule("S9")
def test_one_login_stays_and_sessions_of_the_other_end(
    running: RunningService, society: str, app: Any, hashed: str, kept: MemberRow, gone: MemberRow
) -> None:
    own, other = (with_account(running, society, row, hashed) for row in (kept, gone))
    browsers = [app.test_client() for _ in range(2)]
    for browser, email in zip(browsers, ("new@example.jp", "old@example.jp"), strict=True):
        assert log_in(browser, email).status_code == 303
    merge(running, society, kept, gone)
    with running.unit(society, reading=True) as uow:
        (ended,) = uow.session.scalars(sa.select(LoginSessionRow).where(LoginSessionRow.ended_at.is_not(None)))
        assert ended.account_id == other and uow.get(AccountRow, other).state == "closed"
        assert uow.get(AccountRow, own).state == "active"
    assert [m.session_ids for m in said(running) if isinstance(m, SessionsEnded)] == [(ended.id,)]
    assert browsers[0].get("/members/my/").status_code == 200
    assert log_in(app.test_client(), "old@example.jp").status_code != 303


@pytest.mark.rule("M18")
def test_the_only_login_goes_over(
    running: RunningService, society: str, app: Any, hashed: str, kept: MemberRow, gone: MemberRow
) -> None:
    with_account(running, society, gone, hashed)
    merge(running, society, kept, gone)
    browser = app.test_client()
    assert log_in(browser, "new@example.jp").status_code == 303
    assert browser.get("/members/my/").status_code == 200


@pytest.mark.rule("M18")
@pytest.mark.rule("S37")
def test_staff_are_merged_by_administrators_only_who_see_the_roles(
    running: RunningService, society: str, office: FlaskClient, kept: MemberRow, gone: MemberRow
) -> None:
    staff = with_account(running, society, gone, None, ["accounting"])
    own = with_account(running, society, kept, None)
    boss = with_account(running, society, a_member(running, society, name="長"), None, ["administrator"])
    assert office.get(PAIR.format(kept=kept.id, gone=gone.id)).status_code == 403
    for actor, allowed in ((staff, False), (boss, True)):
        with running.unit(society, actor=Actor(kind="person", id=actor, name="x")) as uow:
            if not allowed:
                with pytest.raises(Forbidden):
                    merge_members(uow, kept.id, gone.id, {}, revisions=_revisions(uow, kept, gone))
                continue
            merge_members(uow, kept.id, gone.id, {}, revisions=_revisions(uow, kept, gone))
    with running.unit(society, reading=True) as uow:
        assert (uow.get(AccountRow, own).roles, uow.get(AccountRow, staff).roles) == (["accounting"], [])


@pytest.mark.rule("M18")
def test_whoever_was_told_apart_from_one_is_apart_from_both_and_mergers_follow_each_other(
    running: RunningService, society: str, kept: MemberRow, gone: MemberRow
) -> None:
    third = a_member(running, society, number="9", kana="タカハシ ハナコ")
    namesake = a_member(running, society, number="8", kana="タカハシ ハナコ")
    with running.unit(society) as uow:
        tell_apart(uow, gone.id, namesake.id)
    merge(running, society, kept, gone)
    merge(running, society, third, kept)
    assert {now(running, society, row).merged_into for row in (kept, gone)} == {third.id}
    with running.unit(society) as uow:
        find_duplicates(uow)
        (pair,) = uow.session.scalars(sa.select(DuplicateRow)).all()
        assert {pair.first_id, pair.second_id} == {third.id, namesake.id} and pair.state == "different"
        with pytest.raises(ChangedMeanwhile):
            merge_members(uow, third.id, namesake.id, {}, revisions=(1, 1))


@pytest.mark.rule("M18")
def test_integrators_look_and_merge(
    office: FlaskClient, running: RunningService, society: str, kept: MemberRow, gone: MemberRow
) -> None:
    token = {"Authorization": f"Bearer {office.get_cookie('tsudoi_token').value}"}  # type: ignore[union-attr]
    place = f"/members/api/members/{kept.id}/mergers/{gone.id}"
    look = office.get(place, headers=token).get_json()
    proposed = {field["name"]: field["proposed"] for field in look["fields"]}
    assert (proposed["email"], proposed["phone"], proposed["note"]) == ("kept", "gone", "both")
    assert {"what": "Member numbers, which stay used", "count": 1} in look["moving"]
    decision = {name: look[name] for name in ("kept_revision", "gone_revision")}
    stale = {**decision, "gone_revision": 99}
    assert office.put(place, json=stale, headers=token).status_code == 409
    first, again = (office.put(place, json={**decision, "chosen": {"number": "gone"}}, headers=token) for _ in range(2))
    assert (first.status_code, again.status_code) == (200, 200) and first.get_json() == again.get_json()
    assert first.get_json()["number"] == "77"
    company = "019f0000-0000-7000-8000-000000000009"
    assert office.get(f"/members/api/members/{kept.id}/mergers/{company}", headers=token).status_code == 404


@pytest.mark.rule("M18")
def test_every_table_that_refers_to_members_is_thought_of() -> None:
    """Whoever adds one says in duplicates/moving.py (or account.py, joining.py) what becomes of it, and here where."""
    elsewhere = {"accounts.person_id", "standings.member_id", "category_entries.member_id", "duplicates.first_id"}
    elsewhere |= {"duplicates.second_id", "verification_codes.person_id", "selected_members.member_id"}
    elsewhere |= {"contacts.id", "erasures.person_id"}  # neither contacts nor who was erased are merged
    elsewhere |= {"contacts.corporation_id"}
    refer = {
        f"{table.name}.{key.parent.name}"
        for table in Base.metadata.tables.values()
        for key in table.foreign_keys
        if key.target_fullname == "members.id"
    }
    source = Path(moving.__file__).read_text()
    named = {
        f"{mapper.local_table.name}.{name}"  # type: ignore[attr-defined]
        for mapper in Base.registry.mappers
        for name in ("member_id", "person_id", "merged_into")
        if f"{mapper.class_.__name__}.{name}" in source
    }
    assert refer - elsewhere - named == set()


@pytest.mark.rule("M18")
def test_a_guest_may_become_a_member_and_no_member_a_guest(
    running: RunningService, society: str, kept: MemberRow
) -> None:
    with running.unit(society) as uow:
        guest = add_guest(uow, name="髙橋 花子", email="staff@example.jp")
    with pytest.raises(NotMergeable):
        merge(running, society, guest, kept)
    assert merge(running, society, kept, guest, email="gone").email == "staff@example.jp"


@pytest.mark.rule("M18")
@pytest.mark.rule("S4")
def test_no_office_reaches_an_operator(running: RunningService, society: str, kept: MemberRow) -> None:
    with running.unit(society) as uow:
        operator = add_guest(uow, name="運用 守", email="operator@example.jp")
    account = with_account(running, society, operator, None, ["operator"])
    asking = with_account(running, society, kept, None, ["administrator"])
    office = Actor(kind="person", id=asking, name="管理 者")
    with running.unit(society) as uow:
        uow.get(AccountRow, account).is_staff = False
    deeds: tuple[Callable[[UnitOfWork], Any], ...] = (
        lambda uow: merge_members(uow, kept.id, operator.id, {}, revisions=_revisions(uow, kept, operator)),
        lambda uow: change_member(uow, operator.id, {"email": "mine@example.jp"}),
        lambda uow: erase_on_request(uow, operator.id),
        lambda uow: invite_staff(
            uow, email="operator@example.jp", name="x", roles=[Role.READER], public_url="http://x"
        ),
        lambda uow: change_roles(uow, account, [Role.READER]),
    )
    for deed in deeds:
        with pytest.raises((Forbidden, NotToBeErased, OperatorApart)), running.unit(society, actor=office) as uow:
            deed(uow)
    with running.unit(society, reading=True) as uow:
        assert uow.get(AccountRow, account).roles == ["operator"]


@pytest.mark.rule("M18")
def test_whoever_is_a_member_is_never_merged_into_who_has_left(
    running: RunningService, society: str, kept: MemberRow, office: FlaskClient
) -> None:
    left = a_member(running, society, standing="left", joined_on=date(2001, 4, 1), leaves_on=date(2010, 3, 31))
    with pytest.raises(KeepTheOtherOne):
        merge(running, society, left, kept)
    other = PAIR.format(kept=kept.id, gone=left.id)
    assert office.get(PAIR.format(kept=left.id, gone=kept.id)).location == other
    assert merge(running, society, kept, left).standing == "active"
