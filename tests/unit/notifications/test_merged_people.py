"""Letters to somebody with two records (M18+) reach the address of the one that was kept, once told."""

from __future__ import annotations

import pytest

from services.notifications.sending import send_due
from shared import clock
from shared.messages.members import PersonErased, PersonMerged
from shared.service import RunningService
from tests.unit.notifications.conftest import letters
from tests.unit.notifications.facts import announcement, tell, tell_invoice, tell_person


@pytest.mark.rule("M18")
def test_a_letter_about_an_old_invoice_goes_to_the_address_that_was_kept(running: RunningService) -> None:
    gone = tell_person(running, name="旧姓 花子", email="old@example.org")
    kept = tell_person(running, name="髙橋 花子", email="new@example.org")
    tell(running, PersonMerged(from_id=gone.id, into_id=kept.id, revision=2, merged_at=clock.now()))
    tell_invoice(running, gone.id)
    tell(running, announcement())
    send_due(running)
    sent = [(letter.kind, letter.address, letter.name) for letter in letters(running)]
    assert sorted(sent) == [
        ("announcement-published", "new@example.org", "髙橋 花子"),
        ("invoice-created", "new@example.org", "髙橋 花子"),
    ]


@pytest.mark.rule("M18")
@pytest.mark.rule("M14")
def test_a_company_with_two_records_is_written_to_as_one(running: RunningService) -> None:
    gone = tell_person(running, name="海星商会", email="old@example.org", kind="corporate")
    kept = tell_person(running, name="海星商事", email="new@example.org", kind="corporate")
    tell(running, PersonMerged(from_id=gone.id, into_id=kept.id, revision=2, merged_at=clock.now()))
    tell_invoice(running, gone.id)
    send_due(running)
    (letter,) = letters(running)
    assert "海星商事 御中" in (letter.text or "")


@pytest.mark.rule("M18")
@pytest.mark.rule("S36")
def test_under_an_old_id_of_somebody_who_was_erased_nothing_goes_out_either(running: RunningService) -> None:
    gone = tell_person(running, name="旧姓 花子", email="old@example.org")
    kept = tell_person(running, name="髙橋 花子", email="new@example.org")
    tell(running, PersonMerged(from_id=gone.id, into_id=kept.id, revision=2, merged_at=clock.now()))
    tell(running, PersonErased(person_id=kept.id, revision=9, erased_on=clock.now().date()))
    tell_invoice(running, gone.id)
    send_due(running)
    assert [(letter.state, letter.address, letter.name) for letter in letters(running)] == [("cancelled", None, None)]
