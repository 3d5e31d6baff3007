"""Custom fields 独自項目 are defined by the society, and what stands in them is of their type (M2)."""

from __future__ import annotations

import re
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from services.members.custom_fields.defining import (
    add_field,
    change_field,
    move_field,
    remove_field,
    restore_field,
    retire_field,
)
from services.members.custom_fields.finding import asked_fields, count_holders, list_fields, used_fields
from services.members.custom_fields.reading import read_value
from services.members.custom_fields.suggestions import SUGGESTIONS
from services.members.custom_fields.types import MOST_FIELDS
from services.members.custom_fields.words import in_words
from services.members.errors.custom_fields import (
    ChoiceInUse,
    CustomFieldExists,
    TooManyCustomFields,
    TypeInUse,
    ValuesNotConfirmed,
)
from services.members.members import change_member
from services.members.models import CustomFieldRow, MemberRow
from services.members.values import BadValue
from shared.audit import AuditRow
from shared.errors import ChangedMeanwhile, InvalidInput
from shared.identity import Role
from shared.service import RunningService
from tests.unit.members.conftest import LogIn, a_member, check, import_all, make_society, members_of, post, work
from tests.unit.members.fields import RED_GREEN, TYPES, define, definition

PAGE = "/members/console/custom-fields"


def a_field(key: str, **other: Any) -> CustomFieldRow:
    return CustomFieldRow(**definition(key, **other), ordinal=1)


@pytest.fixture
def admin(as_role: LogIn) -> FlaskClient:
    return as_role(Role.ADMINISTRATOR)


@pytest.mark.rule("M2")
@pytest.mark.parametrize(
    ("key", "said", "stored"),
    [
        ("specialty", " 有機化学 ", "有機化学"),
        ("career", "一行目\r\n二行目", "一行目\n二行目"),
        ("papers", "１，２", "12"),
        ("papers", 12.50, "12.5"),
        ("papers", "-0", "0"),
        ("birth_date", "昭和55年4月1日", "1980-04-01"),
        ("birth_date", "1980/4/1", "1980-04-01"),
        ("color", "赤", "red"),
        ("color", "GREEN", "green"),
        ("colors", "緑、 Red", ["red", "green"]),
        ("colors", ["green", "green"], ["green"]),
        ("journal", True, "yes"),
        ("journal", "いいえ", "no"),
        ("journal", "", None),
        ("colors", [], None),
        ("color", None, None),
    ],
)
def test_what_is_written_in_any_manner_is_stored_in_one(key: str, said: Any, stored: Any) -> None:
    field = a_field(key)
    assert read_value(field, said) == stored
    for language in ("ja", "en"):
        assert read_value(field, in_words(field, stored, language)) == stored, "what a file says is read back"


@pytest.mark.rule("M2")
@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("specialty", "二行\nある"),
        ("specialty", "とても長い専門分野の名"),
        ("specialty", 7),
        ("specialty", ["化学"]),
        ("specialty", {"a": 1}),
        ("career", "a\0b"),
        ("papers", "十"),
        ("papers", "501"),
        ("papers", -1),
        ("papers", True),
        ("papers", "1e400"),
        ("birth_date", "1980-02-30"),
        ("birth_date", "1899-12-31"),
        ("birth_date", "2021-01-01"),
        ("birth_date", 19800401),
        ("color", "青"),
        ("colors", ["red", {}]),
        ("journal", "多分"),
    ],
)
def test_what_a_field_cannot_hold_is_refused_with_its_name(key: str, said: Any) -> None:
    for language, label in (("ja", TYPES[key][1]), ("en", TYPES[key][2])):
        with pytest.raises(BadValue) as refused:
            read_value(a_field(key), said, language)
        assert (refused.value.text % refused.value.params).startswith(label)


@given(st.sampled_from(list(TYPES)), st.text(max_size=30) | st.integers() | st.lists(st.text(max_size=5), max_size=3))
def test_what_is_stored_is_read_as_itself(key: str, said: Any) -> None:
    field = a_field(key)
    try:
        stored = read_value(field, said)
    except BadValue:
        return
    assert read_value(field, stored) == stored


@pytest.mark.rule("M2")
def test_an_administrator_defines_a_field_with_choices_and_the_office_sees_it(
    admin: FlaskClient, as_role: LogIn, running: RunningService, society: str
) -> None:
    choices: dict[str, Any] = {
        "choice_code": ["", "", ""],
        "choice_label": ["会員", "", "他"],
        "choice_label_en": ["Member", "", ""],
    }
    form = {"key": "via", "label": "知ったきっかけ", "label_en": "Heard by", "type": "choices", "for_member": "shown"}
    wrong = post(
        admin, PAGE, **form, page=f"{PAGE}/new", choice_label=["a、b"], choice_label_en=["x"], choice_code=[""]
    )
    assert wrong.status_code == 422 and 'id="e-choices"' in wrong.text and "a、b" in wrong.text
    nameless = {"choice_code": [""], "choice_label": [""], "choice_label_en": ["English only"]}
    refused = post(admin, PAGE, page=f"{PAGE}/new", **{**form, **nameless})
    assert refused.status_code == 422 and 'id="e-choices"' in refused.text and "English only" in refused.text
    assert post(admin, PAGE, **form, **choices, page=f"{PAGE}/new", required="true").status_code == 303
    (field,) = used(running, society)
    assert [(c["code"], c["label"], c["label_en"]) for c in field.choices] == [
        ("c1", "会員", "Member"),
        ("c2", "他", "他"),
    ]
    assert (field.required, field.in_application, field.for_member) == (True, False, "shown")
    shown = as_role(Role.READER).get(PAGE).text
    assert "知ったきっかけ" in shown and f"{PAGE}/new" not in shown
    choices = {"choice_code": ["c2", "c1"], "choice_label": ["その他", "会員"], "choice_label_en": ["Other", "Member"]}
    changed = post(admin, f"{PAGE}/{field.id}", **form, **choices, page=f"{PAGE}/{field.id}", revision="1")
    assert changed.status_code == 303
    assert [c["label"] for c in used(running, society)[0].choices] == ["その他", "会員"]
    late = post(admin, f"{PAGE}/{field.id}", **form, **choices, page=f"{PAGE}/{field.id}", revision="1")
    assert late.status_code == 409


def used(running: RunningService, society: str) -> list[CustomFieldRow]:
    with running.unit(society, reading=True) as uow:
        return list(used_fields(uow))


@pytest.mark.rule("M2")
def test_suggested_fields_come_with_one_click_each(admin: FlaskClient, running: RunningService, society: str) -> None:
    assert "生年月日" in admin.get(PAGE).text
    for key in SUGGESTIONS:
        assert post(admin, f"{PAGE}/suggestions/{key}", page=PAGE).status_code == 303
    assert [field.key for field in used(running, society)] == list(SUGGESTIONS)
    assert "/suggestions/" not in admin.get(PAGE).text
    assert post(admin, f"{PAGE}/suggestions/degree", page=PAGE).status_code == 303
    assert len(used(running, society)) == len(SUGGESTIONS), "a double click adds one"
    assert post(admin, f"{PAGE}/suggestions/other", page=PAGE).status_code == 404


@pytest.mark.parametrize(
    "changed",
    [
        {"key": "color"},
        {"key": "x", "label": "色"},
        {"key": "x", "label": "x", "label_en": "COLOUR "},
    ],
)
def test_names_are_of_one_field_only(running: RunningService, society: str, changed: dict[str, str]) -> None:
    define(running, society, "color")
    with pytest.raises(CustomFieldExists), running.unit(society) as uow:
        add_field(uow, {**definition("papers"), **changed})
    with running.unit(make_society(running, "other")) as uow:
        assert add_field(uow, definition("color")).key == "color", "each society has its own"


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"type": "choice"}, "choices"),
        ({"type": "choice", "choices": [*RED_GREEN, {"code": "x", "label": "赤", "label_en": "x"}]}, "choices"),
        ({"type": "number", "least": "3", "most": "2"}, "most"),
        ({"type": "number", "least": "three"}, "least"),
        ({"type": "date", "most": "2020-02-30"}, "most"),
        ({"type": "line", "most": "201"}, "most"),
    ],
)
def test_a_definition_that_makes_no_sense_is_refused(
    running: RunningService, society: str, changed: dict[str, Any], field: str
) -> None:
    with pytest.raises(InvalidInput) as refused, running.unit(society) as uow:
        add_field(uow, {**definition("papers", least="", most=""), **changed})
    assert [fault.field for fault in refused.value.faults] == [field]


def test_there_is_an_end_to_fields(running: RunningService, society: str) -> None:
    with running.unit(society) as uow:
        for place in range(MOST_FIELDS):
            add_field(uow, definition("papers", key=f"k{place}", label=f"項目{place}", label_en=f"Field {place}"))
    with pytest.raises(TooManyCustomFields):
        define(running, society, "color")


@pytest.mark.rule("M2")
def test_what_members_hold_is_not_lost_by_a_change_of_the_field(running: RunningService, society: str) -> None:
    color, papers = define(running, society, "color", "papers")
    person = a_member(running, society, custom={"color": "red"})
    with running.unit(society) as uow:
        change_field(uow, papers.id, definition("papers", type="line", least="", most=""))  # nobody has a value
        change_field(uow, color.id, definition("color", label="カラー", choices=RED_GREEN[:1]), revision=1)
    with pytest.raises(TypeInUse), running.unit(society) as uow:
        change_field(uow, color.id, definition("color", type="line", choices=[]))
    with pytest.raises(ChoiceInUse), running.unit(society) as uow:
        change_field(uow, color.id, definition("color", choices=[{"code": "blue", "label": "青", "label_en": "Blue"}]))
    with pytest.raises(ChangedMeanwhile), running.unit(society) as uow:
        change_field(uow, color.id, definition("color"), revision=1)
    with running.unit(society) as uow:
        change_member(uow, person.id, {"custom": {"color": None}})
        assert change_field(uow, color.id, definition("color", type="line", choices=[])).choices == []


@pytest.mark.rule("M2")
def test_a_retired_field_asks_nobody_and_keeps_its_values(
    running: RunningService, society: str, as_role: LogIn, admin: FlaskClient
) -> None:
    (color,) = define(running, society, "color")
    person = a_member(running, society, custom={"color": "red"})
    office, address = as_role(Role.AFFAIRS), f"/members/console/members/{person.id}"
    assert "custom.color" in office.get(f"{address}/edit").text
    assert post(admin, f"{PAGE}/{color.id}/retire", page=PAGE).status_code == 303
    assert "custom.color" not in office.get(f"{address}/edit").text
    assert "custom.color" not in as_role(Role.MEMBER, person=person.id).get("/members/my/profile/edit").text
    assert re.search("色</dt><dd>赤", office.get(address).text)
    with running.unit(society, reading=True) as uow:
        assert asked_fields(uow) == []
    post(office, f"{address}/edit", page=f"{address}/edit", name="新 氏名", category="regular", language="ja")
    (row,) = members_of(running, society)
    assert (row.name, row.custom) == ("新 氏名", {"color": "red"})
    with running.unit(society) as uow:
        retire_field(uow, color.id)
        assert not restore_field(uow, color.id).retired_at
        actions = uow.session.scalars(sa.select(AuditRow.action).where(AuditRow.subject == f"custom-field/{color.id}"))
        assert list(actions) == ["add-custom-field", "retire-custom-field", "restore-custom-field"]


@pytest.mark.rule("M2")
def test_a_field_goes_with_its_values_when_their_number_is_confirmed(
    running: RunningService, society: str, admin: FlaskClient
) -> None:
    color, papers = define(running, society, "color", "papers")
    for number in range(3):
        a_member(running, society, number=str(number), custom={"color": "red", "推薦者": "山田"})
    assert "3 名がこの項目に値を持っています" in admin.get(f"{PAGE}/{color.id}").text
    assert post(admin, f"{PAGE}/{color.id}/remove", page=PAGE, values="2").status_code == 409
    with pytest.raises(ValuesNotConfirmed), running.unit(society) as uow:
        remove_field(uow, color.id)
    assert post(admin, f"{PAGE}/{color.id}/remove", page=PAGE, values="3").status_code == 303
    with pytest.raises(CustomFieldExists):
        define(running, society, "color")  # its values are still on their way out
    assert admin.get(f"{PAGE}/{color.id}").status_code == 404
    work(running)
    assert [(row.custom, row.revision) for row in members_of(running, society)] == [({"推薦者": "山田"}, 2)] * 3
    define(running, society, "color")
    with running.unit(society) as uow:
        assert remove_field(uow, papers.id) == 0
        (entry, _nothing) = uow.session.scalars(sa.select(AuditRow).where(AuditRow.action == "remove-custom-field"))
        assert entry.before == {"key": "color", "label": "色", "type": "choice", "values": 3}


@pytest.mark.rule("S3")
def test_each_society_has_its_own_fields_and_values(running: RunningService, society: str) -> None:
    other = make_society(running, "other")
    (color,), _theirs = define(running, society, "color"), define(running, other, "color")
    a_member(running, other, custom={"color": "red"})
    with running.unit(society) as uow:
        assert len(list_fields(uow)) == 1 and count_holders(uow, "color") == 0
        change_field(uow, color.id, definition("color", choices=RED_GREEN[1:]))
        remove_field(uow, color.id)
    with running.unit(other) as uow:
        assert count_holders(uow, "color") == len(list_fields(uow)) == 1


@pytest.mark.rule("M10")
def test_what_a_roster_brought_under_a_header_becomes_a_field(
    running: RunningService, society: str, admin: FlaskClient
) -> None:
    brought = "会員番号,氏名,会員種別,推薦者\r\n1,髙橋 花子,正会員,山田\r\n".encode()
    import_all(running, society, brought)
    assert f"{PAGE}/new?header=" in admin.get(PAGE).text
    form = {"label": "推薦者", "label_en": "Introduced by", "type": "line", "for_member": "hidden"}
    apart = post(admin, PAGE, page=f"{PAGE}/new", **form, key="introducer")
    assert apart.status_code == 409 and "「推薦者」" in apart.text and 'id="e-key"' in apart.text
    assert 'name="key" type="text" value="推薦者"' in admin.get(f"{PAGE}/new?header=推薦者").text
    assert post(admin, PAGE, page=f"{PAGE}/new", **form, key="推薦者").status_code == 303
    assert "?header=" not in admin.get(PAGE).text
    (row,) = members_of(running, society)
    assert 'name="custom.推薦者" type="text" value="山田"' in admin.get(f"/members/console/members/{row.id}/edit").text
    again = check(running, society, brought)
    assert (again.same, again.custom) == (1, [])


def test_fields_are_put_in_order(running: RunningService, society: str) -> None:
    _first, second = define(running, society, "color", "papers")
    with running.unit(society) as uow:
        move_field(uow, second.id, up=True)
        move_field(uow, second.id, up=True)  # it is the first already
        assert [field.key for field in list_fields(uow)] == ["papers", "color"]


@pytest.mark.rule("W4")
def test_integrators_define_fields_and_set_values(
    running: RunningService, society: str, admin: FlaskClient, as_role: LogIn
) -> None:
    token = {"X-CSRFToken": re.findall(r'name="csrf_token" value="([^"]+)"', admin.get("/members/password").text)[0]}
    api = "/members/api/custom-fields"
    for wrong, field in (({"label": "氏名"}, "label"), ({"key": "a:b"}, "key"), ({"type": "list"}, "type")):
        refused = admin.post(api, json={**definition("colors"), **wrong}, headers=token)
        assert (refused.status_code, refused.get_json()["errors"][0]["field"]) == (422, field)
    made = admin.post(api, json=definition("colors"), headers=token)
    assert made.status_code == 201, made.text
    field = made.get_json()
    assert admin.put(f"{api}/{field['id']}/retirement", headers=token).get_json()["retired_at"]
    assert admin.delete(f"{api}/{field['id']}/retirement", headers=token).get_json()["retired_at"] is None
    change = {name: value for name, value in definition("colors", label="色々").items() if name != "key"}
    assert admin.put(f"{api}/{field['id']}", json={**change, "revision": 1}, headers=token).get_json()["revision"] == 2
    person = a_member(running, society, custom={"推薦者": "山田"})
    address = f"/members/api/members/{person.id}"
    answer = admin.patch(f"{address}?lang=en", json={"custom": {"colors": ["blue"]}}, headers=token)
    (error,) = answer.get_json()["errors"]
    assert error["field"] == "custom.colors" and error["detail"].startswith("Favourite colours: “blue”")
    for custom, known in (
        ({"colors": ["緑"]}, {"推薦者": "山田", "colors": ["green"]}),
        ({"推薦者": None}, {"colors": ["green"]}),
    ):
        assert admin.patch(address, json={"custom": custom}, headers=token).get_json()["custom"] == known
    assert admin.delete(f"{api}/{field['id']}", headers=token).status_code == 409
    assert admin.delete(f"{api}/{field['id']}?values=1", headers=token).status_code == 204
    with running.unit(society, reading=True) as uow:
        assert uow.get(MemberRow, person.id).custom == {"colors": ["green"]}, "until the work has come by"
