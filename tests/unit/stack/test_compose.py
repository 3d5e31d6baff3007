"""The container stack is well-formed and describes the same processes as the stack on one machine."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import shutil
import subprocess
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


@pytest.mark.rule("S31")
def test_a_process_knows_its_own_account_at_the_broker_only(compose: dict[str, Any]) -> None:
    for service in SERVICES:
        for kind in KINDS:
            broker = compose["services"][f"{service}-{kind}"]["environment"]["TSUDOI_BROKER"]
            assert broker.startswith(f"amqp://{service}:${{{service.upper()}_BROKER_PASSWORD:?")
    assert "//tsudoi:" in compose["services"]["topology"]["environment"]["TSUDOI_BROKER"]


def test_the_script_makes_what_is_missing_and_changes_nothing_that_is_there(tmp_path: Path) -> None:
    script = tmp_path / "make-secrets.sh"
    shutil.copy(FOLDER / "compose" / "make-secrets.sh", script)
    (tmp_path / ".env").write_text("RABBIT_PASSWORD=of-an-older-release\n")
    made = []
    for _ in range(2):
        subprocess.run([script], check=True, capture_output=True)
        made.append({path.name: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()})
    assert made[0] == made[1]
    passwords = dict(line.split("=", 1) for line in made[0][".env"].decode().splitlines())
    assert passwords["RABBIT_PASSWORD"] == "of-an-older-release"
    assert set(re.findall(r"\$\{(\w+):\?", (FOLDER / "compose" / "compose.yaml").read_text())) == set(passwords)
    accounts = {user["name"]: user for user in json.loads(made[0]["broker-accounts.json"])["users"]}
    assert set(accounts) == {"tsudoi", *SERVICES}
    for name, account in accounts.items():
        password = passwords["RABBIT_PASSWORD" if name == "tsudoi" else f"{name.upper()}_BROKER_PASSWORD"]
        stored = base64.b64decode(account["password_hash"])
        assert hashlib.sha256(stored[:4] + password.encode()).digest() == stored[4:]
        assert account["tags"] == ("administrator" if name == "tsudoi" else "")


def test_the_brokers_rights_are_those_of_the_services() -> None:
    rights = json.loads((FOLDER / "broker" / "rights.json").read_text())
    assert {each["user"] for each in rights["permissions"]} == {"tsudoi", *SERVICES}
    assert {each["user"] for each in rights["topic_permissions"]} == set(SERVICES)


def test_everything_that_is_waited_for_exists(compose: dict[str, Any]) -> None:
    for service in compose["services"].values():
        assert set(service.get("depends_on", {})) <= set(compose["services"])


def test_the_gateways_places_are_all_filled(compose: dict[str, Any]) -> None:
    places = set(re.findall(r"\$\{(\w+)\}", (FOLDER / "gateway" / "nginx.conf.template").read_text()))
    assert places <= set(compose["services"]["gateway"]["environment"])
