"""The reader's language."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from babel.messages.pofile import read_po
from flask.testing import FlaskClient

from shared.identity import Role
from shared.web.catalogues import compile_catalogues
from shared.web.i18n import translate
from shared.web.navigation import ENTRIES, SERVICES
from tests.unit.web.conftest import LogIn


def test_japanese_unless_said_otherwise(client: FlaskClient) -> None:
    assert "<h1>ログアウト</h1>" in client.get("/sample/public").text


def test_the_browsers_language_counts(client: FlaskClient) -> None:
    answer = client.get("/sample/public", headers={"Accept-Language": "en-GB,en;q=0.9,ja;q=0.5"})
    assert "<h1>Log out</h1>" in answer.text
    assert 'lang="en"' in answer.text


def test_the_profile_counts_more_than_the_browser(log_in: LogIn) -> None:
    answer = log_in(Role.MEMBER, language="en").get("/sample/mine", headers={"Accept-Language": "ja"})
    assert 'lang="en"' in answer.text
    assert "Tsudoi Society of Japan" in answer.text


def test_a_choice_is_kept_and_leaves_the_address(client: FlaskClient) -> None:
    answer = client.get("/sample/public?a=1&lang=en&b=2")
    assert (answer.status_code, answer.location) == (302, "/sample/public?a=1&b=2")
    assert "<h1>Log out</h1>" in client.get("/sample/public").text


def test_nonsense_as_language_changes_nothing(client: FlaskClient) -> None:
    client.get("/sample/public?lang=xx")
    client.set_cookie("tsudoi_language", "../../etc")
    assert "<h1>ログアウト</h1>" in client.get("/sample/public").text


def test_programs_get_what_they_accept(client: FlaskClient, token: Callable[..., str]) -> None:
    headers = {"Authorization": f"Bearer {token(Role.MEMBER)}", "Accept-Language": "en"}
    assert client.get("/sample/api/fees/", headers=headers).json["detail"] == "Your role does not allow this."  # type: ignore[index]


def test_texts_outside_requests_use_the_same_catalogues() -> None:
    assert translate("Please enter %(min)s or more.", {"min": 3}, "ja") == "3以上で入力してください。"
    assert translate("Please enter %(min)s or more.", {"min": 3}, "en") == "Please enter 3 or more."
    assert translate("Saved.", language="ja", package="tests.unit.web.sample") == "保存しました。"


def test_the_way_around_is_called_the_same_in_all_services() -> None:
    words = {word for entry in ENTRIES for word in (entry.label, entry.group) if word}
    for service in SERVICES:
        with Path(f"services/{service}/translations/ja/LC_MESSAGES/messages.po").open("rb") as file:
            own = {str(message.id): message.string for message in read_po(file)}
        other = {word: own[word] for word in words & own.keys() if own[word] != translate(word)}
        assert not other, f"{service} says something else in the menu"


def test_a_changed_catalogue_is_compiled_again(tmp_path: Path) -> None:
    source = tmp_path / "ja" / "LC_MESSAGES" / "messages.po"
    source.parent.mkdir(parents=True)
    source.write_text('msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n\nmsgid "a"\nmsgstr "あ"\n')
    compile_catalogues(tmp_path)
    compiled = source.with_suffix(".mo")
    first = compiled.read_bytes()
    source.write_text(source.read_text().replace("あ", "い"))
    compile_catalogues(tmp_path)
    assert compiled.read_bytes() != first
    assert [path.name for path in sorted(source.parent.iterdir())] == ["messages.mo", "messages.po"]
