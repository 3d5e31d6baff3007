"""The handbooks cannot drift from the product: their pictures are the journeys', their links lead somewhere, and each
word in bold stands on a screen."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from urllib.parse import unquote

from babel.messages.pofile import read_po

from shared.capabilities import ROLE_NAMES
from tests.handbooks import DOCS, HANDBOOKS, IMAGES, LARGEST, ROOT, pages, pictures

LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
CODE = re.compile(r"^```.*?^```|`[^`\n]*`", re.M | re.S)
BOLD = re.compile(r"\*\*(.+?)\*\*")
PLACE = re.compile(r"%\(\w+\)s")
SHOT = re.compile(r'\.shot\(\s*f?"([^"]+)"')
LEAST = 4  # letters of a text around its places: with fewer, nearly everything would fit
MOST_LINES = 70  # of one task
PARTS = ("## いつ使うか", "## 準備するもの", "## うまくいかないとき", "## 関連")
NO_WORDS = {"太字"}  # what the handbooks call this convention


def test_pictures_are_there_and_shown() -> None:
    named = set(pictures())
    kept = {file.resolve() for handbook in HANDBOOKS for file in (IMAGES / handbook).iterdir()}
    assert {"missing": named - kept, "nowhere shown": kept - named} == {"missing": set(), "nowhere shown": set()}
    assert [file.name for file in kept if file.stat().st_size > LARGEST] == []


def test_pictures_are_taken_by_journeys() -> None:
    texts = (file.read_text() for file in (ROOT / "tests" / "journeys").glob("*.py"))
    taken = [_pattern(name, r"\{[^}]*\}", r".+") for text in texts for name in SHOT.findall(text)]
    assert [file.name for file in pictures() if not any(name.fullmatch(file.stem) for name in taken)] == []


def test_links_between_documents_lead_somewhere() -> None:
    broken = []
    for document in _documents():
        for link in LINK.findall(CODE.sub("", document.read_text())):
            path, _, anchor = unquote(link).partition("#")
            target = (document.parent / path).resolve() if path else document
            if re.match(r"[a-z]+:", link) or (target.exists() and (not anchor or anchor in _anchors(target))):
                continue
            broken.append(f"{document.relative_to(ROOT)}: {link}")
    assert broken == []


def test_each_task_stands_in_the_index() -> None:
    index = DOCS / "staff" / "README.md"
    listed = {link.partition("#")[0] for link in LINK.findall(index.read_text())}
    assert sorted(page.name for page in _tasks() if page.name not in listed) == []


def test_tasks_are_short_and_alike() -> None:
    assert [page.name for page in _tasks() if len(page.read_text().splitlines()) > MOST_LINES] == []
    unlike = {page.name: [part for part in PARTS if part not in _headings(page)] for page in _tasks()}
    assert {name: parts for name, parts in unlike.items() if parts} == {}
    assert [page.name for page in _tasks() if not any(line.startswith("## 手順") for line in _headings(page))] == []


def test_words_in_bold_stand_on_the_screen() -> None:
    exact, patterns = _words_of_the_screen()
    unknown = [
        f"{page.relative_to(DOCS)}: {word}"
        for page in pages()
        for word in BOLD.findall(page.read_text())
        if word not in exact | NO_WORDS and not any(pattern.fullmatch(word) for pattern in patterns)
    ]
    assert unknown == []


@cache
def _words_of_the_screen() -> tuple[frozenset[str], list[re.Pattern[str]]]:
    """All texts of the product, in both languages; those with places as patterns."""
    texts: set[str] = set()
    for catalogue in ROOT.glob("s*/*/translations/ja/LC_MESSAGES/messages.po"):
        with catalogue.open("rb") as file:
            for message in read_po(file, locale="ja"):
                for each in (message.id, message.string):
                    texts.update([each] if isinstance(each, str) else each or ())
    texts |= {name for names in ROLE_NAMES.values() for name in names}
    texts = {text.strip().replace("%%", "%") for text in texts} - {""}
    placed = [text for text in texts if PLACE.search(text) and len(re.sub(r"\W", "", PLACE.sub("", text))) >= LEAST]
    return frozenset(texts), [_pattern(text, r"%\(\w+\)s", r"[^。]+?") for text in placed]


def _pattern(text: str, place: str, filled: str) -> re.Pattern[str]:
    return re.compile(filled.join(re.escape(part) for part in re.split(place, text)))


def _tasks() -> list[Path]:
    """But for the list of permissions, which is made from what decides them."""
    return [
        page for page in pages() if page.parent.name == "staff" and page.name not in ("README.md", "permissions.md")
    ]


def _documents() -> list[Path]:
    folders = ("docs", "services", "shared", "deploy", "tests")
    return [*ROOT.glob("*.md"), *(file for folder in folders for file in (ROOT / folder).rglob("*.md"))]


def _headings(document: Path) -> list[str]:
    return re.findall(r"^#+ .+$", CODE.sub("", document.read_text()), re.M)


@cache
def _anchors(document: Path) -> set[str]:
    """As GitHub makes them of headings."""
    titles = (line.lstrip("#").strip().lower() for line in re.findall(r"^#+ .+$", document.read_text(), re.M))
    return {re.sub(r"[^\w\- ]", "", title).replace(" ", "-") for title in titles}
