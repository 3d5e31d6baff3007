"""Hostile input for the whole API of events, on PostgreSQL: no 5xx, and no answer that its document
does not describe."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from services.events.models import EventRow, RegistrationRow
from shared.identity import Role
from shared.service import RunningService
from shared.web.app import create_app
from tests.fuzzing import Fuzzed
from tests.unit.events.conftest import MakeToken
from tests.unit.events.facts import SOCIETY, open_event, registered, tell_person


@pytest.fixture
def fuzzed(on_postgres: RunningService, make_token: MakeToken) -> Fuzzed:
    member = tell_person(on_postgres)
    for fee in (0, 5_000):
        event = open_event(on_postgres, fee=fee)
        for someone in (member, None, None):
            registered(on_postgres, event, someone)
    for _ in range(3):
        open_event(on_postgres)
    things = {
        "/events/{}": sa.select(EventRow.id),
        "/my/events/{}": sa.select(EventRow.id),
        "/registrations/{}": sa.select(RegistrationRow.id),
        "/my/registrations/{}": sa.select(RegistrationRow.id).where(RegistrationRow.person_id == member),
    }
    return Fuzzed(on_postgres, create_app(on_postgres), make_token(*Role, person=member), SOCIETY, things)


@pytest.mark.rule("S41")
@pytest.mark.slow
@pytest.mark.timeout(600)
def test_no_input_breaks_the_api(fuzzed: Fuzzed, campaign: bool) -> None:
    fuzzed.try_everything(thorough=campaign)
