"""Who says and who hears: only the owner says a message, and nothing is said into the void."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from shared.cli import SERVICES, service_named
from shared.messages import CONTRACTS

ROOT = Path(__file__).parents[2]
SOURCES = {
    name: [p for p in (ROOT / "services" / name).rglob("*.py") if "migrations" not in p.parts] for name in SERVICES
}


def says(service: str, message: str) -> bool:
    return any(re.search(rf"\b{message}\(", path.read_text()) for path in SOURCES[service])


@pytest.mark.parametrize("name", CONTRACTS)
def test_the_owner_says_it_and_nobody_else(name: str) -> None:
    contract = CONTRACTS[name]
    assert [service for service in SERVICES if says(service, contract.__name__)] == [contract.publisher()]


@pytest.mark.parametrize("name", CONTRACTS)
def test_somebody_hears_it(name: str) -> None:
    heard = [
        s for s in SERVICES if CONTRACTS[name] in service_named(s).subscriptions and s != CONTRACTS[name].publisher()
    ]
    assert heard, f"nobody subscribes to {name}: the broker would have to return it"


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_imports_messages_of_others_only_where_it_handles_them(name: str) -> None:
    """Capabilities speak their own language; handlers translate."""
    allowed = re.compile(r"handlers|contracts|public")
    for path in SOURCES[name]:
        for publisher in re.findall(r"from shared\.messages\.(\w+) import", path.read_text()):
            assert publisher in (name, "base") or allowed.search(str(path.relative_to(ROOT / "services" / name))), path
