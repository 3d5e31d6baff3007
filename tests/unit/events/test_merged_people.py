"""One person with two records: the copy of people follows their merger in any order, and so do registrations (M18+)."""

from __future__ import annotations

from itertools import permutations
from random import Random

import pytest
import sqlalchemy as sa

from services.events.errors import AlreadyRegistered
from services.events.registrations import cancel_registration, participants, registrations_of
from shared import clock
from shared.identity import Role
from shared.ids import new_id
from shared.messages.members import Person, PersonChanged, PersonMerged
from shared.people import PersonRow, ids_of
from shared.service import RunningService
from tests.unit.events.conftest import LogIn
from tests.unit.events.facts import OTHER, SOCIETY, open_event, registered, registration_of, tell, tell_person


def merged(gone: str, kept: str) -> PersonMerged:
    return PersonMerged(from_id=gone, into_id=kept, revision=2, merged_at=clock.now())


@pytest.mark.rule("M18")
def test_the_copy_ends_alike_in_whatever_order_two_mergers_are_told(running: RunningService) -> None:
    for order in Random(7).sample(list(permutations(range(5))), 12):
        a, b, c = (new_id() for _ in range(3))
        kept = Person(id=c, revision=3, kind="individual", name="髙橋 花子", email="c@example.org", number="1")
        told = [
            PersonChanged(person=Person(id=a, revision=1, kind="individual", name="旧姓 花子", email="a@example.org")),
            PersonChanged(person=Person(id=a, revision=2, kind="merged", name="旧姓 花子", standing="left")),
            PersonChanged(person=kept),
            merged(a, b),
            merged(b, c),
        ]
        for place in order:
            tell(running, told[place])
            tell(running, told[place])
        with running.unit(SOCIETY, reading=True) as uow:
            rows = uow.session.scalars(sa.select(PersonRow).where(PersonRow.id.in_((a, b, c))).order_by(PersonRow.id))
            found = {row.id: (row.kind, row.name, row.email, row.number, row.merged_into) for row in rows}
            assert sorted(ids_of(uow, a)) == sorted(ids_of(uow, c)) == sorted((a, b, c)), order
        known = ("髙橋 花子", "c@example.org", "1")
        assert found == {a: ("merged", *known, c), b: ("merged", *known, c), c: ("individual", *known, None)}, order


@pytest.mark.rule("M18")
def test_an_alias_follows_whoever_was_kept_and_stays_in_its_society(running: RunningService) -> None:
    gone, kept = tell_person(running, "旧姓 花子"), tell_person(running)
    tell(running, merged(gone, kept))
    tell(running, PersonChanged(person=Person(id=kept, revision=2, kind="individual", name="山本 花子")))
    with running.unit(SOCIETY, reading=True) as uow:
        assert uow.get(PersonRow, gone).name == "山本 花子"
    with running.unit(OTHER, reading=True) as uow:
        assert ids_of(uow, kept) == [kept]


@pytest.mark.rule("M18")
def test_registrations_of_both_are_theirs_and_nobody_registers_a_third_time(
    running: RunningService, log_in: LogIn
) -> None:
    gone, kept = tell_person(running, "旧姓 花子"), tell_person(running)
    twice, once = open_event(running), open_event(running, title="講習会")
    rows = [registered(running, event, person) for event, person in ((twice, gone), (twice, kept), (once, gone))]
    tell(running, merged(gone, kept))
    with running.unit(SOCIETY, reading=True) as uow:
        assert {row.id for row, _event in registrations_of(uow, kept)} == {row.id for row in rows}
        listed = uow.session.execute(participants(twice)).all()
        assert [person.name for _row, person in listed if person] == ["髙橋 花子"] * 2, "both stay, and are seen"
    with pytest.raises(AlreadyRegistered):
        registered(running, once, kept)
    assert log_in(running, Role.MEMBER, person=kept).get(f"/events/my/events/{twice}").status_code == 200
    with running.unit(SOCIETY) as uow:
        cancel_registration(uow, rows[0].id, person_id=kept)
    assert [registration_of(running, row.id).is_live for row in rows] == [False, True, True]
