"""Wrong settings, or tables that are not there yet: nothing starts, all mistakes are named, messages wait untouched."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping

import pytest

from deploy.stack import environment
from deploy.stack.programs import tsudoi_command
from deploy.stack.stack import Stack
from deploy.stack.state import KINDS, SERVICES
from tests.faults import broker
from tests.faults.office import Office
from tests.faults.score import Score
from tests.faults.settling import under_way
from tests.faults.site import Site
from tests.servers.plugin import FreshDatabase

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("stack-faults"), pytest.mark.timeout(900)]

REFUSED = 2
NEEDED = {
    "members": ("TSUDOI_TOKEN_KEY",),
    "notifications": ("TSUDOI_SMTP",),
}
WRONG = {
    "TSUDOI_SECRET": "short",
    "TSUDOI_BROKER": "http://127.0.0.1",
    "TSUDOI_TOKEN_PUBLIC": "/nowhere/token.pub",
    "TSUDOI_POOL_SIZE": "many",
    "TSUDOI_METRICS_PORT": "x",
    "TSUDOI_DEV": "perhaps",
}
WRONG_FOR = {
    "members": {"TSUDOI_TOKEN_KEY": "/nowhere/token.pem"},
    "notifications": {"TSUDOI_SMTP": "127.0.0.1:25", "TSUDOI_SMTP_TIMEOUT": "long"},
    "payments": {"TSUDOI_KONBINI_DAYS": "0", "TSUDOI_TRANSFER_DAYS": "soon", "TSUDOI_GRACE_BANK_DAYS": "?"},
}


def refusal(stack: Stack, kind: str, service: str, changes: Mapping[str, str]) -> str:
    """Start a process of a service with other settings (empty: absent); what it says as it refuses."""
    env = {**environment.inherited(), **environment.for_process(stack.state, kind, service), **changes}
    done = subprocess.run(
        [*tsudoi_command(), kind, service], env=env, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == REFUSED, (
        f"{kind} {service} with {sorted(changes)}: {done.returncode} {done.stderr[-800:]}"
    )
    return done.stderr


@pytest.mark.row("C6")
def test_all_mistakes_are_named_at_once_and_nothing_starts(
    stack: Stack, site: Site, campaign: bool, score: Score
) -> None:
    starts = [(kind, name) for name in SERVICES for kind in KINDS] if campaign else [("work", "notifications")]
    for kind, name in starts:
        wrong = {**WRONG, **WRONG_FOR.get(name, {}), f"TSUDOI_DATABASE_{name.upper()}": "mysql://127.0.0.1/x"}
        said = refusal(stack, kind, name, wrong)
        score.injected(len(wrong))
        assert [variable for variable in wrong if variable not in said] == []
    if campaign:
        for kind, name in starts:
            absent = ["TSUDOI_SECRET", "TSUDOI_TOKEN_PUBLIC", f"TSUDOI_DATABASE_{name.upper()}", *NEEDED.get(name, ())]
            for variable in [*absent, *(["TSUDOI_BROKER"] if kind != "web" else [])]:
                assert variable in refusal(stack, kind, name, {variable: ""})
                score.injected()


@pytest.mark.row("C6")
def test_without_its_tables_nothing_starts_and_its_messages_wait(
    stack: Stack, site: Site, fresh_database: FreshDatabase, campaign: bool, score: Score
) -> None:
    office = Office.found(site)
    stack.halt("work", "payments")
    try:
        office.bill(5, wait=False)
        site.wait_until(lambda: broker.waiting(site.broker_url).get("payments"), why=lambda: under_way(site))
        waiting = broker.waiting(site.broker_url)["payments"]
        empty = {"TSUDOI_DATABASE_PAYMENTS": fresh_database("payments").app_url}
        for kind in KINDS if campaign else ("work",):
            assert "migrations are missing" in refusal(stack, kind, "payments", empty)
            score.injected()
        refusal(stack, "work", "payments", {"TSUDOI_BROKER": ""})
        score.injected()
        assert broker.waiting(site.broker_url)["payments"] == waiting
        assert broker.dead(site.broker_url)["payments"] == set()
    finally:
        stack.restart("work", "payments")
    score.judge(site)
