"""An installation under test, full stack or onebox, behind one face: addresses, tokens, databases, its clock."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploy.stack.stack import Stack
from shared import clock
from shared.cli import SERVICES, service_named
from shared.db import insert_rows
from shared.identity import Role
from shared.ids import new_id
from shared.people import PersonRow
from shared.service import RunningService
from shared.society import SocietyRow
from tests.tokens import token_of

STEP = 2.0  # seconds by which the clock is moved on every LOOK while something is waited for
LOOK = 0.25  # seconds
EARLY = 25  # every so manieth member is of a category that is billed first; nine in ten of the others owe nothing


@dataclass
class Site:
    """`databases` are addresses at which an auditor sees the rows of all societies; `sandbox` is the provider's own."""

    url: str
    token_key: Path
    clock_file: Path
    databases: Mapping[str, str]
    env: Callable[[str], dict[str, str]]
    broker_url: str = ""
    mail_folder: Path | None = None

    @classmethod
    def of_stack(cls, stack: Stack) -> Site:
        databases = {name: stack.postgres.url(f"tsudoi_{name}") for name in SERVICES}
        databases["sandbox"] = f"sqlite:///{stack.home / 'data' / 'sandbox.db'}"
        key = stack.home / "keys" / "token.pem"
        return cls(stack.gateway_url, key, stack.clock_file, databases, stack.env, stack.broker_url, stack.mail_folder)

    @contextmanager
    def running(self, name: str) -> Iterator[RunningService]:
        """A service of the site in this process too, for what has no page or API of its own."""
        service = service_named(name)
        started = service.start(service.settings.load(name, self.env(name)))
        try:
            yield started
        finally:
            started.stop()

    def token(self, society: str, *roles: Role, person: str | None = None) -> str:
        """As members would issue it."""
        return token_of(
            self.token_key.read_bytes(),
            *(roles or (Role.MEMBER,)),
            society=society,
            person=person,
            account=person,
            name="会計 花子",
        )

    def move_clock(self, seconds: float) -> None:
        """Of all processes, this one too. Never seen half-written."""
        before = float(self.clock_file.read_text()) if self.clock_file.exists() else 0.0
        fresh = self.clock_file.with_suffix(".new")
        fresh.write_text(str(before + seconds))
        os.replace(fresh, self.clock_file)

    def wait_until(
        self,
        true: Callable[[], Any],
        *,
        seconds: float = 60.0,
        step: float = STEP,
        look: float = LOOK,
        why: Callable[[], Any] = str,
    ) -> None:
        """Wait for a condition while the clock is moved on, so that leases end and retries come due."""
        deadline = time.monotonic() + seconds
        while not true():
            assert time.monotonic() < deadline, f"waited in vain: {why()}"
            if step:
                self.move_clock(step * look / LOOK)
            time.sleep(look)


def found_society(site: Site, members: int) -> tuple[str, list[str]]:
    """A new society with members, in every service as messages would have brought them: (society, person ids)."""
    society, people = new_id(), sorted(new_id() for _ in range(members))
    for name in SERVICES:
        with site.running(name) as running:
            with running.session() as session:
                session.add(society_row(society))
            if name == "members":
                continue
            with running.unit(society) as uow:
                rows = (person_row(society, id, number) for number, id in enumerate(people))
                insert_rows(uow.session, PersonRow, rows)
    return society, people


def society_row(id: str) -> SocietyRow:
    return SocietyRow(
        id=id,
        revision=1,
        slug=f"s{id[-12:]}",
        name="耐障害学会",
        name_en="Society of Faults",
        zone="Asia/Tokyo",
        fiscal_year_starts=4,
        email="office@faults.example",
        address="",
        phone="",
        registration_number=None,
        registered_from=None,
    )


def category_of(number: int) -> str:
    """Of the member with this number."""
    if number % EARLY == 0:
        return "early"
    return "honorary" if number % 10 else "regular"


def person_row(society: str, id: str, number: int) -> dict[str, object]:
    category = category_of(number)
    return {
        "society_id": society,
        "id": id,
        "revision": 1,
        "kind": "individual",
        "name": f"髙橋 {number}",
        "kana": "タカハシ",
        "roman": f"Takahashi {number}",
        "email": f"m{number}.{society[-6:]}@faults.example",
        "language": "en" if number % 7 == 0 else "ja",
        "number": f"M{number:07d}",
        "standing": "active",
        "category": category,
        "category_name": category,
        "category_name_en": category,
        "joined_on": None,
        "leaves_on": None,
        "affiliation": "",
        "postcode": "",
        "address": "",
    }


def today() -> str:
    return clock.today().isoformat()
