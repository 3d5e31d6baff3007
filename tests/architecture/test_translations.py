"""Every text that people see has a Japanese translation with the same placeholders; no catalogue carries leftovers."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.pofile import read_po

ROOT = Path(__file__).parents[2]
METHODS = [("**/migrations/**", "ignore"), ("**.py", "python"), ("**/templates/**.html", "jinja2")]
OPTIONS = {"**/templates/**.html": {"trim_blocks": "true", "lstrip_blocks": "true"}}
PLACE = re.compile(r"%\(\w+\)[#0\- +]*\d*(?:\.\d+)?[a-zA-Z]|%%")


def packages() -> list[Path]:
    services = sorted(path.parent for path in (ROOT / "services").glob("*/service.py"))
    return [ROOT / "shared", *services]


def catalogue_of(package: Path) -> Path:
    folder = package / "web" if package.name == "shared" else package
    return folder / "translations" / "ja" / "LC_MESSAGES" / "messages.po"


@cache
def used_in(package: Path) -> dict[str, str]:
    """msgid → where it is used first."""
    keywords = {**DEFAULT_KEYWORDS, "N_": None, "_": None, "lazy_gettext": None}
    found: dict[str, str] = {}
    for file, line, message, _comments, _context in extract_from_dir(package, METHODS, OPTIONS, keywords):
        for text in (message,) if isinstance(message, str) else message[:1]:
            found.setdefault(text, f"{package.name}/{file}:{line}")
    return found


@cache
def translations(path: Path) -> Catalog:
    if not path.exists():
        return Catalog(locale="ja")
    with path.open("rb") as file:
        return read_po(file, locale="ja", abort_invalid=True)


def texts(translated: object) -> list[str]:
    return [translated] if isinstance(translated, str) else list(translated)  # type: ignore[call-overload]


@pytest.fixture(params=packages(), ids=lambda package: package.name)
def package(request: pytest.FixtureRequest) -> Path:
    found: Path = request.param
    return found


def test_every_text_is_translated(package: Path) -> None:
    known = {
        key(message.id)
        for path in {catalogue_of(package), catalogue_of(ROOT / "shared")}
        for message in translations(path)
        if message.id and all(texts(message.string))
    }
    assert {text: place for text, place in used_in(package).items() if text not in known} == {}


def test_no_translation_is_unsure_or_left_over(package: Path) -> None:
    catalogue = translations(catalogue_of(package))
    assert [m.id for m in catalogue if m.id and m.fuzzy] == []
    assert list(catalogue.obsolete) == []
    assert sorted(key(m.id) for m in catalogue if m.id and key(m.id) not in used_in(package)) == []


def test_placeholders_are_the_same(package: Path) -> None:
    different = [
        (key(message.id), translated)
        for message in translations(catalogue_of(package))
        if message.id
        for translated in texts(message.string)
        if sorted(PLACE.findall(texts(message.id)[-1])) != sorted(PLACE.findall(translated))
    ]
    assert different == []


def key(id: str | tuple[str, ...] | list[str]) -> str:
    return id if isinstance(id, str) else id[0]
