"""People are erased (S36): no letter names them any more, and none goes out to them."""

from __future__ import annotations

from datetime import date

import msgspec
import pytest

from services.notifications.letters import Draft, queue_letter, resend_letter
from services.notifications.recall import recalled
from services.notifications.sending import send_due
from shared import clock
from shared.identity import Role
from shared.ids import new_id
from shared.messages.members import PersonChanged, PersonErased, PersonMerged, RequestDecided
from shared.service import RunningService
from tests.canaries import KEPT_BY_KIT, places
from tests.unit.notifications.conftest import letters
from tests.unit.notifications.facts import (
    SOCIETY,
    application,
    email_changed,
    password_link,
    tell,
    tell_invoice,
    tell_person,
)

CANARIES = ("金糸雀", "Kanariya", "kanariya")
FIELDS = {"name": "金糸雀 鳴子", "roman": "Naruko Kanariya", "email": "kanariya@example.org"}


def erase(running: RunningService, who: str) -> None:
    tell(running, PersonErased(person_id=who, revision=9, erased_on=date(2030, 1, 1)))


def decision(who: str) -> RequestDecided:
    return RequestDecided(
        request_id=new_id(),
        person_id=who,
        request="name",
        accepted=False,
        answer="金糸雀様",
        decided_at=clock.now(),
    )


@pytest.mark.rule("S36")
@pytest.mark.rule("S33")
def test_no_letter_names_somebody_who_was_erased(running: RunningService) -> None:
    tell(running, application(email="kanariya@example.org"), application(email="canary@example.org"))
    who = tell_person(running, **FIELDS)
    other = tell_person(running, name="在会 花子")
    bill = tell_invoice(running, who.id)
    tell(running, password_link(who.id), password_link(other.id), decision(who.id))
    send_due(running)
    changed = msgspec.structs.replace(email_changed(), before="kanariya@example.org", name="金糸雀 鳴子")
    tell(running, changed, decision(who.id))
    assert {"letters.address", "letters.name", "letters.text", "letters.about", "people.name"} <= places(
        running, CANARIES
    )
    erase(running, who.id)
    tell(running, PersonChanged(person=msgspec.structs.replace(who, revision=8)))
    assert places(running, CANARIES) <= set(KEPT_BY_KIT)
    kept = [letter for letter in letters(running) if letter.person_id == who.id]
    assert {letter.kind for letter in kept} >= {"invoice-created", "application-link", "email-changed"}
    assert all(letter.text is None and letter.state in ("sent", "cancelled") for letter in kept)
    assert [each["invoice"]["id"] for each in recalled(running)] == [bill.id], "billing can still be restored by it"
    assert sum(letter.text is not None for letter in letters(running)) == 2, "letters to others are as they were"


@pytest.mark.rule("S36")
def test_nothing_goes_out_to_somebody_who_was_erased(running: RunningService) -> None:
    who = tell_person(running, **FIELDS)
    tell(running, decision(who.id))
    erase(running, who.id)
    tell(running, decision(who.id))  # was under way for long
    send_due(running)
    assert [(letter.state, letter.address) for letter in letters(running)] == [("cancelled", None)] * 2
    assert places(running, CANARIES) <= set(KEPT_BY_KIT)


@pytest.mark.rule("S36")
def test_what_is_on_its_way_to_who_has_the_address_now_still_arrives(running: RunningService) -> None:
    who = tell_person(running, **FIELDS)
    tell(running, application(email="kanariya@example.org"))
    send_due(running)
    tell_person(running, name="在会 花子", email="Kanariya@example.org")
    tell(running, application(email="kanariya@example.org"))
    erase(running, who.id)
    send_due(running)
    assert sorted((letter.state, letter.text is None) for letter in letters(running)) == [
        ("sent", False),
        ("sent", True),
    ]


@pytest.mark.rule("S36")
@pytest.mark.rule("M18")
def test_what_is_on_its_way_to_two_records_of_somebody_goes_with_them(running: RunningService) -> None:
    gone, kept = tell_person(running, **FIELDS), tell_person(running, **FIELDS)
    tell(running, PersonMerged(from_id=gone.id, into_id=kept.id, revision=2, merged_at=clock.now()))
    tell(running, application(email="kanariya@example.org"))
    erase(running, kept.id)
    send_due(running)
    assert [(letter.state, letter.text) for letter in letters(running)] == [("cancelled", None)]
    assert places(running, CANARIES) <= set(KEPT_BY_KIT)


@pytest.mark.rule("S36")
def test_what_had_failed_and_is_sent_again_stays_here(running: RunningService, log_in: object) -> None:
    who = tell_person(running, **{**FIELDS, "email": "no address"})
    with running.unit(SOCIETY) as uow:
        queue_letter(uow, Draft(kind="request-decided", cause="x", person_id=who.id, about={"answer": "金糸雀様"}))
    send_due(running)
    (letter,) = letters(running)
    assert letter.state == "failed"
    erase(running, who.id)
    with running.unit(SOCIETY) as uow:
        resend_letter(uow, letter.id)
    send_due(running)
    assert [each.state for each in letters(running)] == ["cancelled"]
    page = log_in(running, Role.ADMINISTRATOR).get(f"/notifications/console/letters/{letter.id}").text  # type: ignore[operator]
    assert "個人情報は消去済み" in page and "（消去済み）" in page and "金糸雀" not in page
