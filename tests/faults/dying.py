"""`python -m tests.faults.dying SERVICE`: each handler of a service, killed at each point, then started again.

Every death is a process of its own, forked from this one, which works with the service's real handlers, a real database
and a real broker. What one message leaves behind is compared with the same message handled without any trouble.
Addresses come in the environment as for the service; `TSUDOI_TEST_ADMIN_DATABASE` sees the rows of all societies.
Prints one JSON object: {"deaths": {type: points}, "silent": [types that say nothing], "different": […]}."""

from __future__ import annotations

import json
import logging
import os
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
import structlog

from services.members.members import add_guest
from shared import clock, crash
from shared.bus.consumer import consume
from shared.bus.inbox import InboxRow
from shared.bus.rabbit import RabbitPublisher
from shared.bus.retry import work_off
from shared.cli import service_named
from shared.db import insert_rows
from shared.ids import new_id
from shared.messages import CONTRACTS, Envelope, Message, encode
from shared.people import PersonRow
from shared.service import RunningService
from tests.contracts.freeze import sample_of
from tests.faults.site import person_row, society_row

POINTS = ("received", "decoded", "inbox", "effect", "outbox", "commit", "ack")
KILLED = 137
ALIVE_AT_MOST = 60.0  # seconds

REAL = {"kind": "event", "state": "unpaid", "method": "cash", "tax_class": "standard", "zone": "Asia/Tokyo"}
FREE = ("invoice_id", "request_id")  # of a payment: to nobody's invoice, so that it builds on nothing
TRIED_ANEW = ("inbox",)  # its attempts differ after a death: they are meant to
BEFORE = {  # what a message builds on
    "payments.PaymentReversed.v1": "payments.PaymentReceived.v1",
    "events.RegistrationCancelled.v1": "events.RegistrationPlaced.v1",
}


class Trial:
    """One service with a society of its own."""

    def __init__(self, name: str) -> None:
        self.service = service_named(name)
        self.settings = self.service.settings.load(name)
        self.admin = sa.create_engine(os.environ["TSUDOI_TEST_ADMIN_DATABASE"], poolclass=sa.NullPool)
        self.society = new_id()
        self.person = self._found()
        self.deaths: dict[str, list[str]] = {}
        self.silent: list[str] = []
        self.different: list[str] = []

    def run(self) -> dict[str, Any]:
        for contract in self.service.subscriptions:
            type_name = contract.type_name()
            self._left_behind(contract, None)  # of some things only the first leaves a row, or finds none to tidy away
            usual = self._left_behind(contract, None)
            for point in POINTS:
                left = self._left_behind(contract, point)
                if left != usual:
                    self.different.append(f"{type_name} at {point}: {left}, undisturbed {usual}")
        return {"deaths": self.deaths, "silent": self.silent, "different": self.different}

    def _left_behind(self, contract: type[Message], point: str | None) -> dict[str, int]:
        """What one message changed: rows, its own in the inbox and what it said among them, and sums of figures."""
        ids: dict[str, str] = {"person_id": self.person, "payer_id": self.person}
        if earlier := BEFORE.get(contract.type_name()):
            before = CONTRACTS[earlier]
            if before in self.service.subscriptions:
                assert self._in_a_process(self._work, self._told(before, ids, 1)) == 0
        before_it, told = self._figures(), self._told(contract, ids, 2)
        if point is not None:
            status = self._in_a_process(self._work, told, point)
            assert status in (0, KILLED), f"{told.type} at {point}: {status}"
            if status == KILLED:
                self.deaths.setdefault(told.type, []).append(point)
            else:
                assert point == "outbox", f"{told.type} was not killed at {point}"
                self.silent.append(told.type)
        assert self._in_a_process(self._work, told if point is None else told.id) == 0
        after = self._figures()
        return {name: after[name] - before_it.get(name, 0) for name in after if after[name] != before_it.get(name, 0)}

    def _told(self, contract: type[Message], ids: dict[str, str], revision: int) -> Envelope:
        value = dict(_real(json.loads(encode(sample_of(contract))), ids, revision))
        for whole, id in (("society", self.society), ("person", self.person)):
            if isinstance(value.get(whole), dict):
                value[whole]["id"] = id
        if isinstance(value.get("payment"), dict):
            value["payment"] |= dict.fromkeys(FREE)
        id = new_id()
        return Envelope(
            id=id, type=contract.type_name(), source="/elsewhere", time=clock.now(), society=self.society,
            payload=json.dumps(value), correlation=id,
        )  # fmt: skip

    def _figures(self) -> dict[str, int]:
        """`table` → rows, `table.column` → sum: what is added twice to a balance makes no row."""
        with self.admin.connect() as connection:
            tables = connection.scalars(
                sa.text("SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public' :: regnamespace")
            ).all()
            whole = connection.execute(
                sa.text(
                    "SELECT table_name, column_name FROM information_schema.columns"
                    " WHERE table_schema = 'public' AND data_type IN ('integer', 'bigint')"
                )
            ).all()
            each = [f"SELECT '{table}' AS name, count(*) AS figure FROM {table}" for table in tables]
            each += [
                f"SELECT '{table}.{column}', coalesce(sum({column}), 0) FROM {table}"
                for table, column in whole
                if table not in TRIED_ANEW
            ]
            return {row.name: int(row.figure) for row in connection.execute(sa.text(" UNION ALL ".join(each)))}

    def _in_a_process(self, do: Any, *arguments: Any) -> int:
        child = os.fork()
        if child == 0:
            running = self.service.start(self.settings)
            try:
                do(running, *arguments)
            except BaseException as error:
                print(repr(error), file=sys.stderr)
                os._exit(1)
            os._exit(0)
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

    def _found(self) -> str:
        """A society and somebody in it; no connection is left open for a fork to share."""
        running, someone = self.service.start(self.settings), new_id()
        with running.session() as session:
            session.add(society_row(self.society))
        with running.unit(self.society) as uow:
            if self.service.name == "members":
                values = {"name": "髙橋 花子", "email": "h@faults.example"}
                someone = add_guest(uow, **values).id
            else:
                insert_rows(uow.session, PersonRow, [person_row(self.society, someone, 1)])
        running.stop()
        return someone

    def _work(self, running: RunningService, told: Envelope | str, point: str | None = None) -> None:
        """Until the message is handled; published first, unless it is there already."""
        broker = self.settings.broker
        if isinstance(told, Envelope):
            publisher = RabbitPublisher(broker)
            assert publisher.publish([told]) == {told.id}
            publisher.close()
        id = told.id if isinstance(told, Envelope) else told
        crash._at, crash._left = point, 1
        stop = threading.Event()
        taking = threading.Thread(target=consume, args=(running, broker), kwargs={"bulk": False, "stop": stop})
        taking.start()
        give_up = time.monotonic() + ALIVE_AT_MOST
        while (row := _row(running, id)) is None or row.state != "handled":
            assert time.monotonic() < give_up, f"not handled: {row and (row.type, row.state, row.error)}"
            work_off(running)
            stop.wait(0.02)
        stop.set()
        taking.join()


def _row(running: RunningService, id: str) -> InboxRow | None:
    with running.session(reading=True) as session:
        return session.get(InboxRow, id)


def _real(value: Any, ids: dict[str, str], revision: int) -> Any:
    """A frozen sample with ids that nobody used before, and words that mean something."""
    if isinstance(value, list):
        return [_real(each, ids, revision) for each in value]
    if not isinstance(value, dict):
        return value
    return dict(_fields(value, ids, revision))


def _fields(value: dict[str, Any], ids: dict[str, str], revision: int) -> Iterator[tuple[str, Any]]:
    for name, inner in value.items():
        if name == "id" or name.endswith("_id"):
            yield name, ids.setdefault(name, new_id())
        elif name.endswith("_ids"):
            yield name, [new_id()]
        elif name == "revision":
            yield name, revision
        else:
            yield name, REAL.get(name, _real(inner, ids, revision))


if __name__ == "__main__":
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    print(json.dumps(Trial(sys.argv[1]).run()))
