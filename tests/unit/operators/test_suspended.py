"""What every service does when it hears that a society is suspended: nobody of it gets in, and its due work rests."""

from __future__ import annotations

import dataclasses
import threading
from datetime import timedelta

import pytest

from shared.bus.ticker import tick
from shared.identity import Role
from shared.local_copies import copy_society
from shared.messages.members import Society, SocietyChanged
from shared.service import Due, RunningService
from shared.uow import UnitOfWork
from tests.unit.operators.conftest import LogIn


@pytest.mark.rule("W3")
def test_a_society_that_is_suspended_rests_in_every_service(
    running: RunningService, societies: list[str], log_in: LogIn
) -> None:
    staff, other = log_in(Role.ADMINISTRATOR), log_in(Role.ADMINISTRATOR, society=societies[1])
    worked: list[str | None] = []

    def work(uow: UnitOfWork) -> None:
        worked.append(uow.society_id)

    running.service = dataclasses.replace(running.service, due_work=(Due("rest", timedelta(0), work),))
    for revision, suspended in ((2, True), (3, False)):
        told = Society(id=societies[0], revision=revision, slug="kaisei", name="x", name_en="x", suspended=suspended)
        with running.unit(societies[0]) as uow:
            copy_society(uow, SocietyChanged(society=told))
        page, api = staff.get("/billing/console/invoices"), staff.get("/billing/api/invoices")
        assert (page.status_code, api.status_code) == ((403, 403) if suspended else (200, 200))
        assert ("is suspended" in page.text) == suspended
        assert other.get("/billing/console/invoices").status_code == 200
        assert log_in(Role.OPERATOR).get("/billing/operator").status_code == 200
        worked.clear()
        tick(running, threading.Event())
        assert set(worked) == set(societies[suspended:])
