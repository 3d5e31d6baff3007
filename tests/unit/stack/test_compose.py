"""The container stack is well-formed and describes the same processes as the stack on one machine."""

from __future__ import annotations

import json
import re
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from deploy.stack.state import KINDS, SERVICES

FOLDER = Path(__file__).parents[3] / "deploy"


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((FOLDER / "compose" / "compose.yaml").read_text())
    return loaded


def test_it_fits_the_compose_schema(compose: dict[str, Any]) -> None:
    schema = json.loads(files("check_jsonschema").joinpath("builtin_schemas/vendor/compose-spec.json").read_text())
    jsonschema.validators.validator_for(schema)(schema).validate(compose)


def test_it_has_every_process_of_the_stack(compose: dict[str, Any]) -> None:
    ours = {f"{service}-{kind}" for service in SERVICES for kind in (*KINDS, "migrate")}
    assert set(compose["services"]) == ours | {
        "gateway",
        "postgres",
        "rabbit",
        "smtp",
        "sandbox",
        "databases",
        "topology",
    }
    for name in ours:
        service, kind = name.split("-")
        assert compose["services"][name]["command"] == ["tsudoi", kind, service]


def test_only_the_gateway_is_published(compose: dict[str, Any]) -> None:
    assert [name for name, service in compose["services"].items() if "ports" in service] == ["gateway"]


@pytest.mark.rule("S3")
def test_a_process_knows_its_own_database_only_and_only_migrations_own_it(compose: dict[str, Any]) -> None:
    for service in SERVICES:
        for kind in (*KINDS, "migrate"):
            settings = compose["services"][f"{service}-{kind}"]["environment"]
            databases = {name for name in settings if name.startswith("TSUDOI_DATABASE_")}
            own = f"TSUDOI_DATABASE_{service.upper()}"
            assert databases == ({own, f"{own}_OWNER"} if kind == "migrate" else {own})
            assert ("TSUDOI_TOKEN_KEY" in settings) == (service == "members")


def test_everything_that_is_waited_for_exists(compose: dict[str, Any]) -> None:
    for service in compose["services"].values():
        assert set(service.get("depends_on", {})) <= set(compose["services"])


def test_all_secrets_are_made_by_the_script(compose: dict[str, Any]) -> None:
    script = (FOLDER / "compose" / "make-secrets.sh").read_text()
    for name in set(re.findall(r"\$\{(\w+):\?", (FOLDER / "compose" / "compose.yaml").read_text())):
        assert name in script


def test_the_gateways_places_are_all_filled(compose: dict[str, Any]) -> None:
    places = set(re.findall(r"\$\{(\w+)\}", (FOLDER / "gateway" / "nginx.conf.template").read_text()))
    assert places <= set(compose["services"]["gateway"]["environment"])
