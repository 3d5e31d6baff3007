"""Every guard of the table in tests/faults/controls has its control tests where the table says, and no other."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
TABLE = TESTS / "faults" / "controls" / "README.md"


def marked() -> dict[str, set[str]]:
    """Guard → files with a test that carries its mark."""
    found: dict[str, set[str]] = defaultdict(set)
    for path in TESTS.rglob("test_*.py"):
        text = path.read_text()
        if "mark.guard(" not in text:
            continue
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                for mark in filter(None, map(_guard, ast.walk(ast.Module(list(node.decorator_list), [])))):  # type: ignore[arg-type]
                    found[mark].add(str(path.relative_to(TESTS.parent)))
    return dict(found)


def table(text: str) -> dict[str, set[str]]:
    rows = re.findall(r"^\| ([a-z-]+) \|.*\|.*\| (.*) \|$", text, re.MULTILINE)
    return {guard: set(re.findall(r"`([^`]+)`", files)) for guard, files in rows if guard != "guard"}


def test_the_table_of_guards_is_what_the_tests_are_marked_with() -> None:
    assert table(TABLE.read_text()) == marked()


@pytest.mark.parametrize(
    "guard",
    ["inbox", "skip-locked", "confirm", "revision", "seat", "advisory-lock", "begin-immediate", "row-level-security"],
)
def test_the_guards_that_the_promises_rest_on_are_in_it(guard: str) -> None:
    assert table(TABLE.read_text())[guard]


def _guard(node: ast.AST) -> str | None:
    match node:
        case ast.Call(func=ast.Attribute(attr="guard"), args=[ast.Constant(value=str(name))]):
            return name
    return None
