"""Handbook, alerts and dashboard speak of figures that exist; every alert says where to read on, and can be read."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from prometheus_client import CollectorRegistry, generate_latest

from shared.bus.lag import LagCollector
from shared.service import RunningService
from tests.unit.operators.figures import (
    ROOT,
    asked_for,
    counted,
    documented,
    grouped_by,
    samples,
    scraped,
)

FOLDER = ROOT / "deploy" / "dashboards"
RUNBOOK = ROOT / "docs" / "operators" / "runbook.md"
RULES: list[dict[str, Any]] = [
    rule for group in yaml.safe_load((FOLDER / "alerts.yml").read_text())["groups"] for rule in group["rules"]
]
DASHBOARD: dict[str, Any] = json.loads((FOLDER / "tsudoi.json").read_text())
EXPRESSIONS = [rule["expr"] for rule in RULES] + [
    target["expr"] for panel in DASHBOARD["panels"] for target in panel.get("targets", ())
]


def validate(document: Any, schema: str) -> None:
    loaded = json.loads((FOLDER / schema).read_text())
    jsonschema.Draft202012Validator.check_schema(loaded)
    jsonschema.Draft202012Validator(loaded).validate(document)


def anchors(text: str) -> list[str]:
    """As readers of Markdown make them of headings."""
    return [re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in re.findall(r"^#+ (.+)$", text, re.M)]


def read_from_tables(running: RunningService) -> str:
    registry = CollectorRegistry(auto_describe=False)
    registry.register(LagCollector(running))
    return generate_latest(registry).decode()


def test_the_handbook_lists_exactly_what_is_exported(running: RunningService) -> None:
    assert documented() == counted() | scraped(read_from_tables(running))


def test_control_a_figure_that_nobody_described_is_noticed(running: RunningService) -> None:
    tables = read_from_tables(running).replace("tsudoi_inbox_parked ", "tsudoi_inbox_lost ")
    assert documented() != counted() | scraped(tables)


def test_alerts_fit_their_schema() -> None:
    validate(yaml.safe_load((FOLDER / "alerts.yml").read_text()), "alerts.schema.json")
    names = [rule["alert"] for rule in RULES]
    assert len(names) == len(set(names))


def test_the_dashboard_fits_its_schema() -> None:
    validate(DASHBOARD, "dashboard.schema.json")
    ids = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(ids) == len(set(ids))
    taken: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken and place["x"] + place["w"] <= 24, panel["title"]
        taken |= cells


@pytest.mark.parametrize("spoil", [{"panels": []}, {"schemaVersion": 1}, {"unknown": 1}, {"uid": ""}])
def test_control_the_schema_refuses_a_broken_dashboard(spoil: dict[str, Any]) -> None:
    with pytest.raises(jsonschema.ValidationError):
        validate({**DASHBOARD, **spoil}, "dashboard.schema.json")


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_an_expression_asks_for_what_exists(expression: str) -> None:
    known = samples(documented())
    asked = list(asked_for(expression))
    assert asked
    for name, labels in asked:
        assert name in known, f"nobody exports {name}"
        assert labels <= known[name], f"{name} has no {labels - known[name]}"
        assert grouped_by(expression) <= known[name] | {"le"}, f"{name} cannot be grouped by {grouped_by(expression)}"


@pytest.mark.parametrize(
    ("expression", "names"),
    [
        ('sum by (service, le) (rate(a_bucket{x=~"b.*", y!="c"}[5m])) > 5', {"a_bucket"}),
        ("max by (a) (b) > 2 * max by (a) (c) + 300", {"b", "c"}),
        ("count(d > 1) or vector(0)", {"d"}),
        ("max(e) / f{g='h'}", {"e", "f"}),
    ],
)
def test_control_names_are_found_in_expressions(expression: str, names: set[str]) -> None:
    assert {name for name, _ in asked_for(expression)} == names


def test_every_alert_has_its_section_in_the_runbook_and_every_section_an_alert() -> None:
    text = RUNBOOK.read_text()
    known = anchors(text)
    for rule in RULES:
        place, _, anchor = rule["annotations"]["runbook_url"].partition("#")
        assert ROOT / place == RUNBOOK and anchor == rule["alert"].lower() and anchor in known, rule["alert"]
    sections = re.findall(r"^## (Tsudoi\w+)\n(.*?)(?=^## |\Z)", text, re.M | re.S)
    assert [name for name, _ in sections] == [rule["alert"] for rule in RULES]
    for name, body in sections:
        assert all(word in body for word in ("**Means.**", "**Look.**", "**Do.**")), name


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed")
def test_prometheus_itself_accepts_the_rules(tmp_path: Path) -> None:
    panels = [{"record": f"x{number}", "expr": e.replace("$service", ".*")} for number, e in enumerate(EXPRESSIONS)]
    written = tmp_path / "panels.yml"
    written.write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": panels}]}))
    for rules in (FOLDER / "alerts.yml", written):
        done = subprocess.run(["promtool", "check", "rules", str(rules)], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


def test_links_of_the_operators_handbook_lead_somewhere() -> None:
    for page in (ROOT / "docs" / "operators").glob("*.md"):
        for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text()):
            place, _, anchor = target.partition("#")
            if "://" in place:
                continue
            file = (page.parent / place).resolve() if place else page
            assert file.exists(), f"{page.name}: {target}"
            assert not anchor or anchor in anchors(file.read_text()), f"{page.name}: {target}"
