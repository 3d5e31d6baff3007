"""Every action that is recorded has words, and no words are left over; every subject's page exists."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest
from flask import Flask

from shared.audit.words import KIT, Trail, joined
from shared.cli import SERVICES, service_named
from tests.architecture.test_routes import app  # noqa: F401

ROOT = Path(__file__).parents[2]
Arguments = dict[str, int]  # function with an argument `action` → where it stands


def trees(folder: Path) -> list[ast.Module]:
    """All modules but staging.py: what a roster does with a row is called action, too."""
    paths = [p for p in folder.rglob("*.py") if "migrations" not in p.parts and p.name != "staging.py"]
    return [ast.parse(p.read_text()) for p in paths]


def recorded(modules: list[ast.Module]) -> set[str]:
    """The actions that are passed to `audit.record`, to functions that hand them on, or stored in a row."""
    constants = {
        target.id: node.value.value
        for module in modules
        for node in module.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for_all: dict[str, int] = {"record": 1, "trail_entry": 1}
    for module in modules:
        for_all |= {name: place for name, place in _with_argument(module) if not name.startswith("_")}
    found = set()
    for module in modules:
        for given in _given(module, for_all | dict(_with_argument(module))):
            value = constants.get(given.id) if isinstance(given, ast.Name) else getattr(given, "value", None)
            if isinstance(value, str):
                found.add(value)
    return found


def _with_argument(module: ast.Module) -> Iterator[tuple[str, int]]:
    for node in ast.walk(module):
        if isinstance(node, ast.FunctionDef):
            names = [each.arg for each in (*node.args.args, *node.args.kwonlyargs)]
            if "action" in names:
                yield node.name, names.index("action")
        elif isinstance(node, ast.ClassDef):
            plain = [
                each for each in node.body if isinstance(each, ast.AnnAssign) and isinstance(each.annotation, ast.Name)
            ]
            names = [each.target.id for each in plain if isinstance(each.target, ast.Name)]
            if "action" in names:
                yield node.name, names.index("action")


def _given(module: ast.Module, handed_on: Arguments) -> Iterator[ast.expr]:
    for node in ast.walk(module):
        if isinstance(node, ast.Dict):
            yield from (
                v
                for k, v in zip(node.keys, node.values, strict=True)
                if isinstance(k, ast.Constant) and k.value == "action"
            )
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if name in handed_on:
            yield from node.args[handed_on[name] : handed_on[name] + 1]
            yield from (each.value for each in node.keywords if each.arg == "action")


@pytest.mark.parametrize("name", SERVICES)
def test_every_action_of_a_service_has_words_and_none_are_left_over(name: str) -> None:
    trail = service_named(name).trail
    assert trail is not None
    assert recorded(trees(ROOT / "services" / name)) == set(trail.actions)


def test_every_action_of_the_kit_has_words() -> None:
    assert recorded(trees(ROOT / "shared" / "bus")) == set(KIT.actions)


def test_actions_are_found_wherever_they_are_written() -> None:
    source = """
SEND = "send"
audit.record(uow, "plain", "x")
audit.record(uow, SEND, "x")
def keep(uow, action): audit.record(uow, action, "x")
def settle(uow, *, action): keep(uow, action)
keep(uow, "handed-on")
settle(uow, action="named")
row = {"action": "in-a-row"}
"""
    assert recorded([ast.parse(source)]) == {"plain", "send", "handed-on", "named", "in-a-row"}


def test_pages_of_subjects_exist(app: Flask) -> None:  # noqa: F811
    """Those of the service itself; where they lead to another one, its own test knows."""
    running = app.extensions["tsudoi"]
    adapter = app.url_map.bind("localhost")
    pages = [each.page.format(id=UUID(int=0)) for each in joined(running.service.trail).subjects.values() if each.page]
    assert [p for p in pages if p.startswith(f"/{running.name}/") and not adapter.test(p, "GET")] == []


def test_a_service_has_its_own_words_before_the_kits() -> None:
    assert joined(Trail(actions={"replay-message": "x"})).actions["replay-message"] == "x"
