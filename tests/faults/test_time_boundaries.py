"""Deadlines to the second: two seconds before is in time, two seconds after is late, in the society's zone alone."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from services.events import catalogue, registrations
from services.events.errors import CancellationEnded, RegistrationEnded
from services.events.service import SERVICE as EVENTS
from services.payments import attempts
from services.payments.models import AttemptRow, RequestRow
from services.payments.service import SERVICE as PAYMENTS
from services.payments.settings import PaymentSettings
from shared import clock
from shared.ids import new_id
from shared.japan.calendar import fiscal_year_of
from shared.migrations import migrate
from shared.service import RunningService, Service
from shared.settings import Settings
from shared.society import SocietyRow
from tests.faults.score import Score
from tests.faults.site import society_row

pytestmark = [pytest.mark.timeout(600)]

TOKYO = ZoneInfo("Asia/Tokyo")
SPECIAL = [date(2027, 3, 31), date(2028, 2, 28), date(2028, 2, 29), date(2027, 12, 31), date(2027, 4, 1)]
days = st.sampled_from(SPECIAL) | st.dates(date(2027, 1, 1), date(2028, 12, 31))
sides = st.sampled_from([-2, 2])
few = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@pytest.fixture(params=["UTC", "America/Los_Angeles"])
def host_zone(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Where the machine believes to be does not matter."""
    monkeypatch.setenv("TZ", request.param)
    time.tzset()
    yield request.param
    monkeypatch.undo()
    os.environ.setdefault("TZ", "UTC")
    time.tzset()


def _start(service: Service, kind: type[Settings], home: Path) -> tuple[RunningService, str]:
    url = f"sqlite:///{home}/{service.name}.db"
    migrate(service, url)
    public = home / "token.pub"
    key = Ed25519PrivateKey.generate().public_key()
    public.write_bytes(key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    running = service.start(kind(service=service.name, database=url, secret="s" * 32, token_public=public, home=home))
    society = new_id()
    with running.session() as session:
        row: SocietyRow = society_row(society)
        session.add(row)
    return running, society


@pytest.fixture(scope="module")
def events(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RunningService, str]]:
    started = _start(EVENTS, Settings, tmp_path_factory.mktemp("events"))
    yield started
    started[0].stop()


@pytest.fixture(scope="module")
def payments(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RunningService, str]]:
    started = _start(PAYMENTS, PaymentSettings, tmp_path_factory.mktemp("payments"))
    yield started
    started[0].stop()


class _At:
    """The clock at two seconds before or after the end of a day in Tokyo; a slow machine may miss that moment."""

    def __init__(self, day: date, side: int) -> None:
        self.moment = datetime.combine(day + timedelta(days=1), datetime.min.time(), TOKYO) + timedelta(seconds=side)
        self.in_time = side < 0
        self._travel = clock.travel(self.moment)

    def __enter__(self) -> _At:
        self._travel.__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        late = clock.now() >= self.moment + timedelta(seconds=2)
        self._travel.__exit__(*error)
        assume(not (self.in_time and late))


@pytest.mark.row("C4")
@few
@given(day=days, side=sides)
def test_a_day_ends_at_midnight_in_tokyo_and_a_fiscal_year_with_march(
    host_zone: str, score: Score, day: date, side: int
) -> None:
    score.injected()
    with _At(day, side) as at:
        today = clock.today()
        assert today == (day if at.in_time else day + timedelta(days=1))
        assert (clock.now() < clock.end_of(day)) is at.in_time
        assert fiscal_year_of(today) == (today.year if today >= date(today.year, 4, 1) else today.year - 1)


@pytest.mark.row("C4")
@few
@given(day=days, side=sides)
def test_registration_and_its_cancelling_close_at_24_00_of_the_last_day(
    host_zone: str, score: Score, events: tuple[RunningService, str], day: date, side: int
) -> None:
    running, society = events
    score.injected()
    values = {
        "title": "大会", "venue": "東京", "starts_on": day, "ends_on": day, "registration_until": day, "capacity": 3,
    }  # fmt: skip
    with clock.travel(clock.end_of(day) - timedelta(days=3)), running.unit(society) as uow:
        event = catalogue.create_event(uow, values)
        catalogue.set_switches(uow, event.id, published=True, registration_open=True, on_my_page=True)
        early = registrations.register(uow, event.id, person := new_id())
    with _At(day, side) as at, running.unit(society) as uow:
        listed = event.id in [each.id for each in catalogue.events_for_members(uow)]
        assert listed is at.in_time
        if at.in_time:
            registrations.register(uow, event.id, new_id())
            registrations.cancel_registration(uow, early.id, person_id=person)
        else:
            with pytest.raises(RegistrationEnded):
                registrations.register(uow, event.id, new_id())
            with pytest.raises(CancellationEnded):
                registrations.cancel_registration(uow, early.id, person_id=person)


@pytest.mark.row("C4")
@few
@given(day=days, side=sides)
def test_an_unpaid_seat_is_free_when_the_grace_after_its_deadline_is_over(
    host_zone: str, score: Score, events: tuple[RunningService, str], day: date, side: int
) -> None:
    running, society = events
    score.injected()
    with clock.travel(clock.end_of(day) - timedelta(days=20)), running.unit(society) as uow:
        begins = day - timedelta(days=5)
        values = {"title": "大会", "venue": "東京", "starts_on": begins, "ends_on": begins, "fee": 1_000}
        event = catalogue.create_event(uow, {**values, "registration_until": begins, "capacity": 3})
        catalogue.set_switches(uow, event.id, published=True, registration_open=True, on_my_page=True)
        placed = registrations.register(uow, event.id, new_id())
        assert placed.pay_until is not None
    with _At(placed.pay_until + registrations.GRACE, side) as at:
        with running.unit(society) as uow:
            registrations.release_unpaid(uow)
        with running.unit(society, reading=True) as uow:
            left = registrations.counts_of(uow, event.id)
        assert (left["placed"], left["cancelled"]) == ((1, 0) if at.in_time else (0, 1))


@pytest.mark.row("C4")
@few
@given(day=days, side=sides)
def test_a_slip_runs_out_a_second_after_23_59_59_of_the_day_that_the_payer_was_told(
    host_zone: str, score: Score, payments: tuple[RunningService, str], day: date, side: int
) -> None:
    running, society = payments
    assert isinstance(running.settings, PaymentSettings)
    score.injected()
    chosen = day - timedelta(days=running.settings.konbini_days - 1)
    with clock.travel(clock.end_of(chosen) - timedelta(seconds=2)), running.unit(society) as uow:
        request = _request(uow.now)
        uow.add(request)
        uow.session.flush()
        attempt = attempts.start_attempt(
            uow, request.invoice_id, payer_id=request.payer_id, account_id=new_id(), method="konbini",
            chain="lawson", settings=running.settings,
        )  # fmt: skip
        on_the_line = clock.today() == chosen
    assume(on_the_line)
    told = attempt.pay_until.astimezone(TOKYO)
    assert (told.date(), told.time().isoformat()) == (day, "23:59:59")
    with _At(day, side) as at:
        with running.unit(society) as uow:
            attempts.expire_attempts(uow)
        with running.unit(society, reading=True) as uow:
            state = uow.session.scalars(sa.select(AttemptRow.state).where(AttemptRow.id == attempt.id)).one()
        assert state == ("starting" if at.in_time else "expired")


def _request(now: datetime) -> RequestRow:
    return RequestRow(
        id=new_id(), invoice_id=new_id(), invoice_revision=1, invoice_number="1", payer_id=new_id(), title="会費",
        title_en="Dues", due=1_000, due_on=None, methods=[], state="open", created_at=now,
    )  # fmt: skip
