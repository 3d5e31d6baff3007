"""`tsudoi bus` at the terminal: tables, JSON, refusals, and what it leaves in the audit trail."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from services.billing.service import SERVICE
from shared import clock
from shared.audit import AuditRow
from shared.bus import inbox
from shared.bus.command import main
from shared.bus.masking import kind_of_error, masked, masked_error
from shared.bus.parked import Which, ids_of, list_parked
from shared.bus.retry import work_off
from shared.ids import new_id
from shared.service import RunningService
from tests.envelopes import envelope
from tests.unit.operators.conftest import NAME, nameless_person, park

Bus = Callable[..., int]


@pytest.fixture
def bus(running: RunningService) -> Bus:
    """The command, with billing alone in the installation."""

    def call(*words: str) -> int:
        return main({"billing": lambda: SERVICE.start(running.settings)}, list(words))

    return call


def told(capsys: pytest.CaptureFixture[str]) -> Any:
    return json.loads(capsys.readouterr().out)


def test_lag_and_parked_are_tables_and_json(
    bus: Bus, running: RunningService, societies: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    ids = park(running, societies[0], 3)
    capsys.readouterr()
    assert bus("lag") == 0
    head, line = capsys.readouterr().out.splitlines()
    assert head.split()[:2] == ["service", "unsent"]
    assert line.split()[0] == "billing" and line.split()[6] == "3" and "forget-old-messages" in line
    assert bus("lag", "--json") == 0
    [lag] = told(capsys)
    assert (lag["service"], lag["parked"], lag["waiting"], lag["dead"]) == ("billing", 3, 0, None)
    assert bus("parked", "billing") == 0
    table = capsys.readouterr().out
    assert ids[0] in table and "PayerUnknown" in table
    assert bus("parked", "--json") == 0
    [group] = told(capsys)
    assert (group["count"], group["type"], group["example"]) == (3, "payments.PaymentReceived.v1", ids[0])


def test_a_message_is_shown_masked_in_both_forms(
    bus: Bus, running: RunningService, societies: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    message = envelope(nameless_person(), societies[0])
    inbox.store(running, [message], state="retrying")
    for form in ((), ("--json",)):
        assert bus("show", "billing", message.id, *form) == 0
        text = capsys.readouterr().out
        assert message.id in text and "individual" in text
        assert NAME not in text and "hanako" not in text


@pytest.mark.row("A21")
def test_replay_by_id_type_group_and_age(
    bus: Bus, running: RunningService, societies: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    first = park(running, societies[0], 2)
    with clock.travel(by=timedelta(hours=2)):
        later = clock.now() - timedelta(minutes=1)
        second = park(running, societies[0], 1)
        group = list_parked(running)[0].code
        assert ids_of(running, Which(since=later)) == second
        assert bus("replay", "billing", "--all", "--since", later.isoformat(), "--reason", "new ones") == 0
        assert set(ids_of(running, Which())) == set(first)
        assert bus("replay", "billing", first[0], "--reason", "this one") == 0
        assert bus("replay", "billing", "--group", group, "--reason", "the rest", "--rate", "10", "--json") == 0
        assert ids_of(running, Which()) == []
        capsys.readouterr()
        assert bus("replay", "billing", "--type", "payments.PaymentReceived.v1", "--reason", "again") == 0
        assert "0 messages" in capsys.readouterr().out, "the second time there is nothing to do"
    with running.unit(societies[0], reading=True) as uow:
        entries = list(uow.session.scalars(sa.select(AuditRow).order_by(AuditRow.id)))
    reasons = [entry.after["reason"] for entry in entries if entry.after]
    assert reasons == ["new ones", "this one", "the rest"]
    assert all(entry.actor_name.endswith("(tsudoi bus)") for entry in entries)


@pytest.mark.row("A21")
def test_replayed_twice_it_has_its_effect_once(bus: Bus, running: RunningService, societies: list[str]) -> None:
    """Also when it is asked for again while the first is under way, and again after it was handled."""
    person = nameless_person()
    message = envelope(person, societies[0])
    inbox.store(running, [message], state="retrying")
    _park_by_hand(running, message.id)
    assert bus("replay", "billing", "--all", "--reason", "one") == 0
    assert bus("replay", "billing", "--all", "--reason", "two") == 0
    while work_off(running):
        pass
    assert bus("replay", "billing", message.id, "--reason", "three") == 0
    inbox.store(running, [message])
    assert work_off(running) == 0
    with running.session(reading=True) as session:
        assert session.scalars(sa.select(inbox.InboxRow.state)).all() == ["handled"]


def _park_by_hand(running: RunningService, id: str) -> None:
    with running.session() as session:
        row = session.get(inbox.InboxRow, id)
        assert row is not None
        row.state = "parked"


def test_commands_that_make_no_sense_are_refused_before_anything_is_done(
    bus: Bus, running: RunningService, societies: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    ids = park(running, societies[0], 2)
    for words in (
        ("replay", "billing", "--reason", "x"),  # which?
        ("replay", "billing", "--all"),  # why?
        ("replay", "billing", ids[0], "--all", "--reason", "x"),
        ("replay", "billing", "17", "--reason", "x"),
        ("replay", "billing", "--dead", "--since", "2026-01-01", "--reason", "x"),
        ("replay", "billing", "--all", "--since", "yesterday", "--reason", "x"),
        ("discard", "billing", "--reason", "x"),
        ("discard", "billing", "--all"),
        ("show", "billing"),
        ("parked", "nowhere"),
        (),
    ):
        with pytest.raises(SystemExit) as refused:
            bus(*words)
        assert refused.value.code == 2, words
    assert "which messages?" in capsys.readouterr().err
    for words in (
        ("replay", "billing", "--all", "--reason", " "),
        ("replay", "billing", "--all", "--reason", "x", "--rate", "0"),
        ("replay", "billing", "--dead", "--reason", "x"),
        ("discard", "billing", "--all", "--reason", ""),
        ("show", "billing", new_id()),
    ):
        assert bus(*words) == 1, words
        said = capsys.readouterr()
        assert said.err.startswith("billing: ") and "Traceback" not in said.err and said.out == ""
    assert set(ids_of(running, Which())) == set(ids)


def test_a_service_that_does_not_answer_does_not_hide_the_others(
    running: RunningService, societies: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    def away() -> RunningService:
        lost = {"database": "postgresql+psycopg://nobody@127.0.0.1:9/none", "service": "members"}
        return SERVICE.start(SERVICE.settings(**{**vars(running.settings), **lost}))

    assert main({"members": away, "billing": lambda: SERVICE.start(running.settings)}, ["lag"]) == 1
    said = capsys.readouterr()
    assert "billing" in said.out and said.err.startswith("members: ") and len(said.err.splitlines()) == 1


def test_groups_join_what_differs_in_ids_and_figures_alone() -> None:
    ids = [new_id(), new_id()]
    kinds = {kind_of_error(f"LookupError: invoice {id} of {number}") for id in ids for number in (1_000, 20_000)}
    assert len(kinds) == 1
    assert kind_of_error("ValueError: a") != kind_of_error("LookupError: a")


@pytest.mark.rule("S33")
@pytest.mark.parametrize(
    "error",
    [
        f"ValueError: {NAME} is unknown",
        "KeyError: 'Hanako Takahashi'",
        "LookupError: nobody <hanako.takahashi@example.jp>",
        "UniqueViolation: duplicate key\nDETAIL:  Key (email)=(hanako.takahashi@example.jp) already exists.",
        "NotNullViolation: null value\nDETAIL:  Failing row contains (1, Hanako Takahashi, Chiyoda 1-1).",
    ],
)
def test_errors_are_shown_without_what_they_quote(error: str) -> None:
    for text in (masked_error(error), kind_of_error(error)):
        for secret in ("髙橋", "Hanako", "hanako", "Chiyoda"):
            assert secret not in text
    assert masked_error(error).split(":")[0] == error.split(":")[0]


@pytest.mark.rule("S33")
def test_a_payload_keeps_ids_codes_dates_and_amounts_alone() -> None:
    id = new_id()
    given = {"id": id, "name": "sato", "type": "x.Y.v1", "on": "2026-04-01", "fee": 8000, "reason": "sato", "tel": ""}
    shown = {"id": id, "name": "…(4)", "type": "x.Y.v1", "on": "2026-04-01", "fee": 8000, "reason": "…(4)", "tel": ""}
    assert masked({"a": [given]}) == {"a": [shown]}
    assert masked({"kind": "a person's name"}) == {"kind": "…(15)"}
    assert masked({"x": "2026-04-01 Sato"}) == {"x": "…(15)"}
