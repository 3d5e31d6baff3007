"""Whoever owns the database can do anything to the audit trail, but not unnoticed (S35)."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from shared import clock
from shared.audit import CheckRow, checks
from shared.audit.anchors import anchor_heads, read_anchors
from shared.audit.chain import CONTENT, beginning, link
from shared.audit.checks import check_chains
from shared.audit.command import main
from shared.audit.rows import AuditRow, ChainRow
from shared.audit.sealing import seal_new
from shared.audit.verification import Walk
from shared.bus.lag import measure
from shared.service import RunningService
from tests.unit.audit.conftest import SOCIETY, Open, as_superuser, chain_of, record, sealed

ENTRY = "(SELECT entry_id FROM audit_chain WHERE number = {})"
NO_3 = ENTRY.format(3)
ATTACKS = {
    "edited": (["UPDATE audit SET after = '{\"n\": 3}' WHERE id = " + NO_3], ["no. 3: changed"]),
    "somebody else": ([f"UPDATE audit SET actor_name = '別人' WHERE id = {NO_3}"], ["no. 3: changed"]),
    "dated back": ([f"UPDATE audit SET at = '2020-01-01 00:00:00.000000' WHERE id = {NO_3}"], ["no. 3: changed"]),
    "no JSON": ([f"UPDATE audit SET before = '{{' WHERE id = {NO_3}"], ["no. 3: changed"]),
    "given to another": ([f"UPDATE audit SET society_id = '0' WHERE id = {NO_3}"], ["no. 3: gone"]),
    "deleted": ([f"DELETE FROM audit WHERE id = {NO_3}"], ["no. 3: gone"]),
    "deleted with its place": (
        [f"DELETE FROM audit WHERE id = {NO_3}", "DELETE FROM audit_chain WHERE number = 3"],
        ["no. 3: missing"],
    ),
    "gap closed": (
        ["DELETE FROM audit_chain WHERE number = 3", "UPDATE audit_chain SET number = number - 1 WHERE number > 3"],
        ["nos. 3-4: changed", "no. 5: cut off"],
    ),
    "reordered": (
        [
            "UPDATE audit_chain SET number = -2 WHERE number = 2",
            "UPDATE audit_chain SET number = 2 WHERE number = 4",
            "UPDATE audit_chain SET number = 4 WHERE number = -2",
        ],
        ["nos. 2-5: changed"],
    ),
    "tail cut": (
        ["DELETE FROM audit_chain WHERE number > 3", f"DELETE FROM audit WHERE id > {NO_3}"],
        ["nos. 4-5: cut off"],
    ),
    "all gone": (["DELETE FROM audit_chain", "DELETE FROM audit"], ["nos. 1-5: cut off"]),
    "chain removed, to be made anew": (["DELETE FROM audit_chain"], ["nos. 1-5: cut off"]),
}


def faults(running: RunningService) -> list[str]:
    anchors = read_anchors(running.settings.anchors, running.name)
    with running.unit(SOCIETY, reading=True) as uow:
        walk = Walk(running.name, SOCIETY, anchors.get(SOCIETY, {}))
        return list(map(str, walk.go_on(uow.session)))


def audit_command(running: RunningService, *argv: str) -> int:
    return main({running.name: lambda: running}, ["verify", *argv])


def forge(running: RunningService) -> None:
    """Somebody who has read our code edits the first entry and computes the whole chain anew."""
    as_superuser(running, f"UPDATE audit SET actor_name = '別人' WHERE id = {ENTRY.format(1)}")
    before = beginning(running.name, SOCIETY)
    with running.unit(SOCIETY) as uow:
        places = sa.select(ChainRow, *CONTENT).join(AuditRow, AuditRow.id == ChainRow.entry_id)
        for place in uow.session.execute(places.order_by(ChainRow.number)).all():
            place.ChainRow.hash = before = link(before, place.ChainRow.number, place)


@pytest.mark.rule("S35")
def test_a_trail_that_nobody_touched_is_whole(running: RunningService) -> None:
    sealed(running, 5)
    anchor_heads(running)
    record(running, "fee/6")
    seal_new(running)
    assert faults(running) == []


@pytest.mark.rule("S35")
@pytest.mark.parametrize("attack", ATTACKS)
def test_what_a_superuser_does_is_noticed(running: RunningService, attack: str) -> None:
    statements, expected = ATTACKS[attack]
    sealed(running, 5)
    anchor_heads(running)
    as_superuser(running, *statements)
    assert faults(running) == expected


@pytest.mark.rule("S35")
def test_a_chain_that_was_computed_anew_is_unlike_its_anchors(running: RunningService) -> None:
    sealed(running, 3)
    anchor_heads(running)
    forge(running)
    assert faults(running) == ["no. 3: unlike its anchor"]


@pytest.mark.guard("audit-anchor")
@pytest.mark.parametrize("attack", [forge, lambda running: as_superuser(running, *ATTACKS["tail cut"][0])])
def test_control_without_anchors_a_cut_tail_and_a_new_chain_look_whole(
    running: RunningService, attack: Callable[[RunningService], None]
) -> None:
    sealed(running, 5)
    attack(running)
    assert faults(running) == []


@pytest.mark.guard("audit-chain")
def test_control_without_the_hash_of_what_stands_before_it_an_entry_can_be_moved(
    running: RunningService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.audit.sealing.link", lambda _before, _number, entry: link("", 0, entry))
    monkeypatch.setattr("shared.audit.verification.link", lambda _before, _number, entry: link("", 0, entry))
    sealed(running, 5)
    anchor_heads(running)
    as_superuser(running, *ATTACKS["reordered"][0])
    assert faults(running) == []


@pytest.mark.rule("S35")
def test_anchors_are_added_when_the_head_has_moved_and_never_rewritten(running: RunningService) -> None:
    sealed(running, 2)
    anchor_heads(running)
    anchor_heads(running)
    record(running, "fee/3")
    anchor_heads(running)
    lines = [json.loads(line) for line in running.settings.anchors.read_text().splitlines()]
    assert [(line["service"], line["society"], line["number"]) for line in lines] == [
        ("billing", SOCIETY, 2),
        ("billing", SOCIETY, 3),
    ]
    assert [line["hash"] for line in lines] == [hash for _, hash in chain_of(running)[1:]]


@pytest.mark.rule("S35")
def test_the_daily_check_goes_on_where_it_stopped_and_tells_the_figures(
    running: RunningService, monkeypatch: pytest.MonkeyPatch
) -> None:
    sealed(running, 5)
    anchor_heads(running)
    as_superuser(running, *ATTACKS["edited"][0])
    monkeypatch.setattr("shared.audit.verification.CHUNK", 2)
    monkeypatch.setattr(checks, "PIECE", 1)
    monkeypatch.setattr(checks, "AT_ONCE", 0)  # nothing at all
    check_chains(running)
    assert measure(running).tampered == 0
    turns = iter([0.0, 1.0, 9.0] * 4)  # one piece a call
    monkeypatch.setattr(checks, "AT_ONCE", 5)
    monkeypatch.setattr("shared.audit.checks.time.monotonic", lambda: next(turns))
    check_chains(running)
    with running.session(reading=True) as session:
        assert [
            (row.number, row.checked_at)
            for row in session.scalars(sa.select(CheckRow).where(CheckRow.society == SOCIETY))
        ] == [(2, None)]
    monkeypatch.undo()
    check_chains(running)
    assert measure(running).tampered == 1
    with running.session(reading=True) as session:
        row = session.get_one(CheckRow, SOCIETY)
        assert (row.checked_to, row.faults, row.number) == (5, 1, 0)
    as_superuser(running, "UPDATE audit SET after = '{\"n\": 2}'")
    check_chains(running)
    assert measure(running).tampered == 1, "the next check is tomorrow's"
    with clock.travel(by=checks.REST):
        check_chains(running)
    assert measure(running).tampered == 0


@pytest.mark.rule("S35")
def test_the_command_says_which_chain_and_ends_with_1(
    open_service: Open, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    running = sealed(open_service("billing"), 5)
    record(running, "fee/6")
    assert audit_command(running) == 0
    assert "billing       kaisei: whole (5 sealed, 1 not yet sealed, never anchored)" in capsys.readouterr().out
    anchor_heads(running)
    as_superuser(running, *ATTACKS["edited"][0])
    assert audit_command(running, "billing", "--society", "kaisei") == 1
    out = capsys.readouterr().out
    assert "kaisei: TAMPERED WITH (6 sealed, 0 not yet sealed, anchored up to no. 6)" in out and "no. 3: changed" in out
    assert "minato" not in out
    assert audit_command(running, "--society", "minato", "--json") == 0
    assert [(each["society"], each["entries"]) for each in json.loads(capsys.readouterr().out)] == [("minato", 0)]
    assert measure(running).tampered == 1, "pages and figures know what the command found"


@pytest.mark.rule("S35")
def test_lines_of_a_log_count_as_anchors(
    running: RunningService, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sealed(running, 2)
    last = {"service": "billing", "society": SOCIETY, "number": 9, "hash": "x", "at": "2026-01-01T00:00:00+00:00"}
    log = tmp_path / "collected.log"
    log.write_text(
        "\n".join(["nonsense", '{"event": "started"}', json.dumps({"event": "audit head", "level": "info", **last})])
    )
    assert audit_command(running, "--anchors", str(log)) == 1
    assert "nos. 3-9: cut off" in capsys.readouterr().out
    for mistake in (["--anchors", str(tmp_path / "nowhere")], ["--society", "kasei"]):
        with pytest.raises(SystemExit) as refused:
            audit_command(running, *mistake)
        assert refused.value.code == 2, mistake
