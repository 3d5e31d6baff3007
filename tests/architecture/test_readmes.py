"""The tables in each service's README are equal to the code: messages out and in, due work, long work, settings."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest

from shared.cli import SERVICES, service_named
from shared.messages import CONTRACTS

ROOT = Path(__file__).parents[2]


def table(service: str, heading: str) -> set[str]:
    """First-column names, given in backticks, of the table under a `## heading`."""
    text = (ROOT / "services" / service / "README.md").read_text()
    section = re.search(rf"^## {heading}\n(.*?)(?=^## |\Z)", text, re.M | re.S)
    assert section, f"services/{service}/README.md has no section '## {heading}'"
    return set(re.findall(r"^\|\s*`([^`]+)`", section[1], re.M))


@pytest.mark.parametrize("name", SERVICES)
def test_messages_out_are_listed(name: str) -> None:
    assert table(name, "Messages out") == {c.__name__ for c in CONTRACTS.values() if c.publisher() == name}


@pytest.mark.parametrize("name", SERVICES)
def test_messages_in_are_listed(name: str) -> None:
    assert table(name, "Messages in") == {contract.__name__ for contract in service_named(name).subscriptions}


@pytest.mark.parametrize("name", SERVICES)
def test_due_work_is_listed(name: str) -> None:
    assert table(name, "Due work") == {due.name for due in service_named(name).due_work}


@pytest.mark.parametrize("name", SERVICES)
def test_long_work_is_listed(name: str) -> None:
    assert table(name, "Long work") == set(service_named(name).long_work)


@pytest.mark.parametrize("name", SERVICES)
def test_settings_are_listed(name: str) -> None:
    wanted = {
        field.metadata["variable"].replace("{SERVICE}", name.upper())
        for field in fields(service_named(name).settings)
        if "variable" in field.metadata
    }
    assert table(name, "Settings") == wanted
