"""The previous release and this one understand each other's messages, every type, both ways."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from shared.messages import CONTRACTS
from tests.contracts.freeze import sample_of
from tests.contracts.release import ask, previous_release

KNOWN = """
from shared.messages import CONTRACTS
import json
print(json.dumps(sorted(CONTRACTS)))
"""
SAY = """
import json, msgspec
from shared.messages import CONTRACTS
from tests.contracts.freeze import sample_of
print(json.dumps({name: msgspec.to_builtins(sample_of(contract)) for name, contract in CONTRACTS.items()}))
"""
HEAR = """
import json, sys, msgspec
from shared.messages import CONTRACTS
told = json.load(sys.stdin)
heard = {name: msgspec.json.decode(json.dumps(told[name]), type=CONTRACTS[name]) for name in told}
print(json.dumps({name: msgspec.to_builtins(message) for name, message in heard.items()}))
"""


@pytest.fixture(scope="module")
def previous() -> Path:
    return previous_release()


@pytest.mark.row("A18")
def test_the_previous_release_understands_what_this_one_says(previous: Path) -> None:
    """Also with optional fields that it has never heard of, at any depth."""
    known = json.loads(ask(previous, KNOWN))
    said = {name: msgspec.to_builtins(sample_of(CONTRACTS[name])) for name in known}
    heard = json.loads(ask(previous, HEAR, json.dumps({name: _with_news(value) for name, value in said.items()})))
    assert set(heard) == set(known)
    for name in known:
        assert part_of(heard[name], said[name]), f"{name}: {heard[name]} of {said[name]}"


@pytest.mark.row("A18")
def test_this_release_understands_what_the_previous_one_says(previous: Path) -> None:
    said = json.loads(ask(previous, SAY))
    assert set(said) <= set(CONTRACTS), "a version is heard for one release after it was last said"
    for name, value in said.items():
        heard = msgspec.to_builtins(msgspec.json.decode(json.dumps(value), type=CONTRACTS[name]))
        assert part_of(value, heard), f"{name}: {heard} of {value}"


def test_control_a_value_that_was_lost_or_changed_is_noticed() -> None:
    whole = {"a": 1, "b": {"c": [{"d": 2}]}}
    assert part_of({"b": {"c": [{"d": 2}]}}, whole)
    assert not part_of({"b": {"c": [{"d": 3}]}}, whole)
    assert not part_of({"x": 1}, whole)


def part_of(part: Any, whole: Any) -> bool:
    if isinstance(part, dict):
        return all(name in whole and part_of(value, whole[name]) for name, value in part.items())
    if isinstance(part, list):
        return len(part) == len(whole) and all(map(part_of, part, whole))
    return bool(part == whole)


def _with_news(value: Any) -> Any:
    if isinstance(value, dict):
        return {**{name: _with_news(each) for name, each in value.items()}, "brand_new": {"x": [1]}}
    if isinstance(value, list):
        return [_with_news(each) for each in value]
    return value
