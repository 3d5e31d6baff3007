"""People are erased (S36): of past events only that somebody took part."""

from __future__ import annotations

from datetime import date

import pytest

from services.events.registrations import register
from shared.identity import Role
from shared.messages.members import Person, PersonChanged, PersonErased
from shared.service import RunningService
from tests.canaries import KEPT_BY_KIT, places
from tests.unit.events.conftest import LogIn
from tests.unit.events.facts import SOCIETY, open_event, tell, tell_person

CANARIES = ("金糸雀", "Kanariya", "kanariya")


@pytest.mark.rule("S36")
def test_registrations_of_somebody_who_was_erased_name_nobody(running: RunningService, log_in: LogIn) -> None:
    event_id = open_event(running)
    who = tell_person(running, "金糸雀 鳴子", email="kanariya@example.org", affiliation="金糸雀大学")
    with running.unit(SOCIETY) as uow:
        register(uow, event_id, who)
    assert "people.name" in places(running, CANARIES)
    tell(running, PersonErased(person_id=who, revision=9, erased_on=date(2030, 1, 1)))
    tell(running, PersonChanged(person=Person(id=who, revision=8, kind="individual", name="金糸雀 鳴子")))
    assert places(running, CANARIES) <= set(KEPT_BY_KIT)
    page = log_in(running, Role.EVENTS).get(f"/events/console/events/{event_id}").text
    assert "（消去済み）" in page and "金糸雀" not in page
