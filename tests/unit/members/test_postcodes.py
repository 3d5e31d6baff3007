"""Addresses by postal code 住所を自動入力 (M2): for applicants, members and the office, with scripts and without."""

from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient

from services.members import throttle
from services.members.applications.terms import publish_terms
from shared.identity import Role
from shared.service import RunningService
from tests.unit.members.conftest import LogIn, a_member, members_of, post
from tests.unit.members.test_applying import link_of, send

KASUMIGASEKI, SHARED, UNUSED = "東京都千代田区霞が関", "4980000", "9999999"


def address_in(page: str) -> str:
    found = re.search(r'name="address" type="text" value="([^"]*)"', page)
    assert found
    return found[1]


@pytest.fixture
def path(client: FlaskClient, running: RunningService, society: str) -> str:
    """The application form of somebody."""
    with running.unit(society) as uow:
        publish_terms(uow, text="会員規約")
    return link_of(running, client)


@pytest.mark.rule("M2")
@pytest.mark.parametrize("code", ["1000013", "100-0013", "〒１００－００１３"])
def test_an_applicant_has_the_address_filled_in_and_goes_on(
    client: FlaskClient, running: RunningService, society: str, path: str, code: str
) -> None:
    page = send(client, path, look_up="1", postcode=code, address="", name="")
    assert page.status_code == 200 and address_in(page.text) == KASUMIGASEKI
    assert 'value="100-0013"' in page.text and "シンセイ タロウ" in page.text
    assert 'hx-select="#address-part"' in page.text and "<noscript>" in page.text
    assert send(client, path, postcode=code, address=f"{KASUMIGASEKI}1-1").status_code == 303
    assert members_of(running, society)[0].address == f"{KASUMIGASEKI}1-1"


@pytest.mark.rule("M2")
def test_several_towns_are_chosen_from_and_an_unknown_code_is_said_kindly(client: FlaskClient, path: str) -> None:
    several = send(client, path, look_up="1", postcode=SHARED, address="手で書いた住所").text
    assert address_in(several) == "手で書いた住所"
    towns = re.findall(r'<option value="(\D{2}県[^"]+)">', several)
    assert towns == ["愛知県弥富市", "三重県桑名郡木曽岬町"]
    assert address_in(send(client, path, look_up="1", postcode=SHARED, town=towns[1], address="").text) == towns[1]
    for code, sentence in ((UNUSED, "見つかりませんでした"), ("12", "7桁の郵便番号"), ("", "7桁の郵便番号")):
        page = send(client, path, look_up="1", postcode=code, address="書いた住所")
        assert page.status_code == 200 and sentence in page.text and address_in(page.text) == "書いた住所"


@pytest.mark.rule("M2")
def test_what_was_written_after_the_address_stays(client: FlaskClient, path: str) -> None:
    page = send(client, path, look_up="1", postcode="1000013", address=f"{KASUMIGASEKI}1-1 ビル3階").text
    assert address_in(page) == f"{KASUMIGASEKI}1-1 ビル3階"
    assert address_in(send(client, path, look_up="1", postcode="1000013", address="大阪府").text) == KASUMIGASEKI


@pytest.mark.rule("M2")
@pytest.mark.rule("M13")
def test_members_and_the_office_look_up_alike(running: RunningService, society: str, as_role: LogIn) -> None:
    person = a_member(running, society)
    office, me = as_role(Role.AFFAIRS), as_role(Role.MEMBER, person=person.id)
    console, mine = "/members/console/members", "/members/my/profile/edit"
    typed = {"look_up": "1", "postcode": "1000013", "phone": "03-1234-5678"}
    for browser, address, page in (
        (office, console, f"{console}/new"),
        (office, f"{console}/{person.id}/edit", None),
        (me, mine, None),
    ):
        answer = post(browser, address, page=page or address, **typed)
        assert answer.status_code == 200 and address_in(answer.text) == KASUMIGASEKI, address
        assert "03-1234-5678" in answer.text
    (row,) = members_of(running, society)
    assert (row.address, row.revision) == (person.address, 1), "looking up keeps nothing"


@pytest.mark.rule("S10")
def test_nobody_looks_up_without_end(client: FlaskClient, running: RunningService, society: str, path: str) -> None:
    with running.unit(society) as uow:
        for _ in range(119):
            throttle.count(uow, throttle.address_limits("127.0.0.1"))
    answers = [send(client, path, look_up="1", postcode="1000013").status_code for _ in range(2)]
    assert answers == [200, 429]


@pytest.mark.rule("W4")
def test_integrators_ask_for_addresses(as_role: LogIn, client: FlaskClient) -> None:
    api, program = "/members/api/addresses", as_role(Role.READER)
    assert program.get(api, query_string={"postcode": "１０００013"}).get_json() == {
        "postcode": "100-0013",
        "addresses": [KASUMIGASEKI],
    }
    assert program.get(f"{api}?postcode={UNUSED}").get_json()["addresses"] == []
    assert len(program.get(f"{api}?postcode={SHARED}").get_json()["addresses"]) == 2
    assert program.get(f"{api}?postcode=12").status_code == 422
    assert client.get(f"{api}?postcode=1000013").status_code == 401
