"""Every message version ever released decodes for ever, and a contract only ever gains optional fields."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from shared.messages import CONTRACTS, decode
from shared.messages.asyncapi import document
from shared.messages.base import Envelope
from tests.contracts.freeze import HERE, sample_of, schema_of

FROZEN = sorted(path.stem for path in (HERE / "samples").glob("*.json"))


def envelope(type_name: str, payload: str) -> Envelope:
    from shared import clock

    return Envelope(
        id="1", type=type_name, source="/x", time=clock.now(), society=None, payload=payload, correlation="1"
    )


def test_every_contract_has_a_frozen_sample_and_schema() -> None:
    assert set(FROZEN) == set(CONTRACTS), "run: python -m tests.contracts.freeze"
    assert {path.stem for path in (HERE / "schemas").glob("*.json")} == set(CONTRACTS)


@pytest.mark.parametrize("name", FROZEN)
def test_a_frozen_sample_decodes_to_all_its_values(name: str) -> None:
    text = (HERE / "samples" / f"{name}.json").read_text()
    message = decode(envelope(name, text))
    assert _contains(json.loads(msgspec.json.encode(message)), json.loads(text))


@pytest.mark.parametrize("name", FROZEN)
def test_a_contract_only_gains_optional_fields(name: str) -> None:
    frozen = json.loads((HERE / "schemas" / f"{name}.json").read_text())
    today = json.loads(json.dumps(schema_of(CONTRACTS[name])))
    for struct, was in frozen["$defs"].items():
        now = today["$defs"][struct]
        assert set(now.get("required", ())) <= set(was.get("required", ())), f"{struct}: a new field must be optional"
        for field, kind in was["properties"].items():
            assert now["properties"].get(field) == kind, f"{struct}.{field} changed or went: that is a .v2"


@pytest.mark.parametrize("name", FROZEN)
def test_unknown_fields_of_a_newer_release_are_ignored(name: str) -> None:
    value = json.loads(msgspec.json.encode(sample_of(CONTRACTS[name])))
    decode(envelope(name, json.dumps({**value, "brand_new": {"x": 1}})))


@pytest.mark.parametrize("name", FROZEN)
def test_a_missing_required_field_is_refused(name: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        decode(envelope(name, json.dumps({"type": name})))


@pytest.mark.rule("O1")
def test_only_the_messages_of_members_may_carry_personal_data() -> None:
    personal = {"name", "kana", "roman", "email", "address", "phone", "postcode", "depositor"}
    for name, contract in CONTRACTS.items():
        if not name.startswith("members."):
            assert not personal & _field_names(contract), name


def test_the_asyncapi_document_is_up_to_date() -> None:
    stored = json.loads((Path(__file__).parents[2] / "docs" / "asyncapi.json").read_text())
    assert stored == document(), "run: python -m shared.messages.asyncapi > docs/asyncapi.json"


def _contains(whole: Any, part: Any) -> bool:
    if isinstance(part, dict):
        return all(key in whole and _contains(whole[key], value) for key, value in part.items())
    if isinstance(part, list):
        return len(whole) == len(part) and all(_contains(w, p) for w, p in zip(whole, part, strict=True))
    return bool(whole == part)


def _field_names(contract: Any) -> set[str]:
    names = set()
    for field in msgspec.structs.fields(contract):
        names.add(field.name)
        for inner in (field.type, *getattr(field.type, "__args__", ())):
            if isinstance(inner, type) and issubclass(inner, msgspec.Struct):
                names |= _field_names(inner)
    return names
