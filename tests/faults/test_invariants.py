"""The checks can fail: each invariant sees a row that was broken on purpose."""

from __future__ import annotations

import pytest

from tests.faults import invariants as inv
from tests.faults.books import reading
from tests.faults.breaking import BROKEN
from tests.faults.office import Office
from tests.faults.settling import arrived, settle, violations
from tests.faults.site import Site

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("stack-faults"), pytest.mark.timeout(300)]


@pytest.fixture
def paid(site: Site, seed: int, lasting: dict[str, Office]) -> Office:
    """A society with every kind of payment, at rest."""
    if "paid" not in lasting:
        office = Office.found(site)
        bills = office.bill(9)
        manners = ("konbini", "card", "cash", "part", "over", "taken back", "konbini and cash", "card", "konbini")
        for bill, manner in zip(bills, manners, strict=True):
            office.pay([bill], seed=seed, manner=manner)
        settle(site)
        lasting["paid"] = office
    return lasting["paid"]


def test_a_site_at_rest_breaks_no_invariant(site: Site, paid: Office) -> None:
    assert violations(site) == []


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_row_is_seen(site: Site, paid: Office, name: str) -> None:
    check, database, statements = BROKEN[name]
    with reading(site.databases) as books:
        assert check(books) == []
        books.spoil(database, *statements)
        assert check(books) != []
    with reading(site.databases) as books:
        assert check(books) == [], "undone"


def test_letters_that_arrive_twice_or_never_are_seen(site: Site, paid: Office) -> None:
    mails = arrived(site.mail_folder)
    assert mails
    first = min(mails)
    with reading(site.databases) as books:
        assert inv.i8_one_letter_for_each_fact(books, mails) == []
        assert inv.i8_one_letter_for_each_fact(books, {**mails, first: 2}) != []
        assert inv.i8_one_letter_for_each_fact(books, {**mails, first: 2}, ambiguous=1) == []
        assert inv.i8_one_letter_for_each_fact(books, {**mails, first: 3}, ambiguous=1) != []
        assert inv.i8_one_letter_for_each_fact(books, {id: n for id, n in mails.items() if id != first}) != []
        assert inv.i8_one_letter_for_each_fact(books, {**mails, "<stranger@localhost>": 1}) != []
