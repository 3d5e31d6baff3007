"""Payers are erased (S36): only what the bank wrote, and what staff wrote into the books, may still name them."""

from __future__ import annotations

from datetime import date

import pytest

from shared.messages.members import Person, PersonChanged, PersonErased
from tests.canaries import KEPT_BY_KIT, places
from tests.unit.payments.bank import file_of, line, start_transfer, upload
from tests.unit.payments.world import World

CANARIES = ("金糸雀", "カナリヤ", "ｶﾅﾘﾔ")
BY_LAW = {  # books and their evidence: seven years, ten where a loss is carried forward (法人税法施行規則59条)
    "bank_files.content": "the notice as the bank wrote it",
    "deposits.payer_name": "who has sent the money, as the bank wrote it",
    "payments.memo": "append-only: what staff wrote about a payment",
    "reversals.memo": "likewise",
    "entries.memo": "likewise",
}


@pytest.mark.rule("S36")
def test_only_the_banks_words_and_the_books_may_name_somebody_who_was_erased(world: World) -> None:
    payer = world.person("金糸雀 鳴子", "カナリヤ ナルコ")
    start_transfer(world, payer)
    upload(world, file_of(line(name="カナリヤ ナルコ")))
    assert {"people.name", "people.kana", "bank_files.content"} <= places(world.running, CANARIES)
    world.hear(PersonErased(person_id=payer, revision=9, erased_on=date(2030, 1, 1)))
    world.hear(PersonChanged(person=Person(id=payer, revision=8, kind="individual", name="金糸雀 鳴子")))
    left = places(world.running, CANARIES) - set(KEPT_BY_KIT)
    assert "bank_files.content" in left and left <= set(BY_LAW)
    found = world.as_staff().get("/payments/console/payments/new?q=金糸雀").text
    assert "金糸雀 鳴子" not in found
