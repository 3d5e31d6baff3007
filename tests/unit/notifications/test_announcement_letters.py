"""An announcement is told to all whom it is for, once, behind the letters that somebody waits for (M15, N1)."""

from __future__ import annotations

import pytest

from services.notifications import audience
from services.notifications.sending import send_due
from shared.service import RunningService
from tests.unit.notifications.conftest import letters
from tests.unit.notifications.facts import OTHER, announcement, tell, tell_person


@pytest.mark.rule("M15")
@pytest.mark.rule("N1")
def test_all_whom_it_is_for_are_written_to_once(running: RunningService, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audience, "AT_ONCE", 2)
    meant = [tell_person(running, category="student", email=f"{n}@example.org") for n in range(3)]
    for other in (
        {"category": "regular"},
        {"category": "student", "standing": "left"},
        {"category": "student", "kind": "guest"},
        {"category": "student", "email": ""},
    ):
        tell_person(running, **other)
    tell_person(running, OTHER, category="student")
    message = announcement(categories=("student",))
    tell(running, message, bulk=True)
    tell(running, message, bulk=True)
    written = letters(running)
    assert {letter.person_id for letter in written} == {person.id for person in meant}
    assert len(written) == 3 and all(letter.bulk for letter in written) and letters(running, OTHER) == []


@pytest.mark.rule("M15")
@pytest.mark.parametrize(
    ("language", "title_en", "subject"),
    [
        ("ja", "General meeting", "【日本集い学会】総会のご案内"),
        ("en", "General meeting", "[Tsudoi Society of Japan] General meeting"),
        ("en", "", "[Tsudoi Society of Japan] 総会のご案内"),
    ],
)
def test_it_says_what_there_is_and_where_in_the_readers_language(
    running: RunningService, language: str, title_en: str, subject: str
) -> None:
    tell_person(running, language=language)
    message = announcement(title_en=title_en)
    tell(running, message)
    send_due(running)
    (letter,) = letters(running)
    link = f"https://tsudoi.example.org/members/my/announcements/{message.announcement_id}"
    assert letter.subject == subject and f"\n{link}\n" in (letter.text or ""), "alone on its line (N5)"
