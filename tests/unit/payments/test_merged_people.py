"""Two records of one person in payments (M18+): what is open under either can be paid by whoever was kept."""

from __future__ import annotations

import pytest

from services.payments.finding import find_payers, requests_by_payer
from services.payments.requests import open_requests_of, request_for
from shared import clock
from shared.errors import NotFound
from shared.messages.members import PersonMerged
from tests.unit.payments.world import World


@pytest.mark.rule("M18")
def test_open_requests_of_both_are_theirs(world: World) -> None:
    gone, kept = world.person("旧姓 花子", number="77"), world.person("髙橋 花子", number="1001")
    first, second = world.invoice(gone, 10_000), world.invoice(kept, 8_000)
    world.hear(PersonMerged(from_id=gone, into_id=kept, revision=2, merged_at=clock.now()))
    with world.look() as uow:
        assert {row.invoice_id for row in open_requests_of(uow, kept)} == {first.id, second.id}
        assert request_for(uow, first.id, payer_id=kept).payer_id == gone
        with pytest.raises(NotFound):
            request_for(uow, first.id, payer_id=world.society)
        for words in ("1001", first.number, "髙橋"):
            assert [person.id for person in find_payers(uow, words)] == [kept], words
        found = requests_by_payer(uow, [kept])
        assert {row.invoice_id for row in found[kept]} == {first.id, second.id}
    page = world.as_staff().get(f"/payments/console/payments/new?payer={kept}").text
    assert first.number in page and second.number in page
