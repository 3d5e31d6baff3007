"""The API: the same rules as the pages; strict about what it takes."""

from __future__ import annotations

import pytest

from shared.identity import Role
from shared.ids import new_id
from tests.unit.billing.office import Office

CONDITIONS = {"name": "2026年度年会費", "fiscal_year": 2026, "charge_start": "2026-04", "due_on": "2026-06-30"}


@pytest.mark.rule("B2")
@pytest.mark.rule("B5")
@pytest.mark.rule("E2")
def test_a_run_by_the_api(office: Office) -> None:
    office.add_people([{}, {"category": "student"}, {"standing": "left"}])
    staff = office.staff()
    run = staff.send("POST", "/billing/api/runs", CONDITIONS)
    assert (run.status_code, run.json["state"], run.json["charge_start"]) == (201, "planned", "2026-04")
    address = f"/billing/api/runs/{run.json['id']}"
    preview = staff.send("GET", f"{address}/preview").json
    assert (preview["invoices"], preview["total"], preview["left_out"]) == (2, 13_000, {"left": 1})
    started = staff.send("POST", f"{address}/create")
    assert (started.status_code, started.json["state"], started.json["work"]["state"]) == (202, "creating", "queued")
    again = staff.send("POST", f"{address}/create")
    assert (again.status_code, again.json["type"]) == (409, "run-not-planned")
    assert staff.send("POST", f"{address}/confirm").status_code == 409
    office.work()
    assert staff.send("POST", f"{address}/confirm").status_code == 202
    office.work()
    done = staff.send("GET", address).json
    assert (done["state"], done["invoiced"], done["left_out"], done["total"]) == ("confirmed", 2, 1, 13_000)
    assert done["work"] == {**done["work"], "state": "done", "done": 2, "total": 2}
    invoices = staff.send("GET", "/billing/api/invoices?fiscal_year=2026&state=unpaid").json
    assert sorted(invoice["number"] for invoice in invoices) == ["I2026-0000001", "I2026-0000002"]
    page = staff.send("GET", f"/billing/api/invoices?limit=1&after={invoices[0]['id']}").json
    assert [invoice["id"] for invoice in page] == [invoices[1]["id"]]
    assert [each["id"] for each in staff.send("GET", "/billing/api/runs").json] == [run.json["id"]]


@pytest.mark.rule("B1")
def test_fees_by_the_api(office: Office) -> None:
    staff = office.staff()
    known = staff.send("GET", "/billing/api/fees?fiscal_year=2026").json
    assert {fee["category"]: fee["annual_fee"] for fee in known} == {"regular": 10_000, "student": 3_000, "honorary": 0}
    fee = {"category": "supporting", "fiscal_year": 2026, "annual_fee": 50_000, "title": "賛助会費"}
    added = staff.send("POST", "/billing/api/fees", fee)
    assert (added.status_code, added.json["tax_class"]) == (201, "out_of_scope")
    assert staff.send("POST", "/billing/api/fees", fee).json["type"] == "fee-doubled"
    address = f"/billing/api/fees/{added.json['id']}"
    changed = staff.send("PUT", address, {"annual_fee": 60_000, "title": "賛助会費", "tax_class": "standard"})
    assert (changed.status_code, changed.json["annual_fee"], changed.json["tax_class"]) == (200, 60_000, "standard")
    assert staff.send("DELETE", address).status_code == 204
    assert staff.send("DELETE", address).status_code == 404


@pytest.mark.parametrize(
    "wrong",
    [
        {"unknown": 1},
        {"fiscal_year": "next"},
        {"charge_start": "April"},
        {"due_on": 20260630},
        {"name": ""},
        {"name": None},
        {"excluded_categories": "student"},
    ],
)
def test_input_that_makes_no_sense_is_refused(office: Office, wrong: dict[str, object]) -> None:
    answer = office.staff().send("POST", "/billing/api/runs", {**CONDITIONS, **wrong})
    assert answer.status_code == 422
    assert [error["field"].split(".")[-1] for error in answer.json["errors"]] == list(wrong)


def test_who_may_not_is_refused_and_other_societies_do_not_exist(office: Office) -> None:
    person = office.add_person()
    office.bill()
    (invoice,) = office.invoices()
    address = f"/billing/api/invoices/{invoice.id}"
    assert office.visitor().get(address).status_code == 401
    assert office.visitor(Role.ACCOUNTING, society=new_id()).get(address).status_code == 404
    assert office.member(person).get("/billing/api/invoices").status_code == 403
    assert office.member(person).get("/billing/api/invoices/mine").json[0]["id"] == invoice.id
    assert office.staff(Role.READER).send("POST", f"{address}/cancel").status_code == 403
    assert office.staff().send("POST", f"{address}/cancel").json["state"] == "cancelled"
    assert office.staff().send("POST", f"{address}/cancel").status_code == 409
    assert office.staff().get(f"/billing/api/invoices/{new_id()}").status_code == 404
    assert office.staff().get("/billing/api/invoices?state=strange").status_code == 422
