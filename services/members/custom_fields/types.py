"""What a field may hold, who fills it in, and the words of both."""

from __future__ import annotations

from shared.errors import N_

TYPES = {
    "line": N_("One line of text"),
    "text": N_("Several lines of text"),
    "number": N_("A number"),
    "date": N_("Date"),
    "choice": N_("One of several choices"),
    "choices": N_("Any of several choices"),
    "yes_no": N_("Yes or no"),
}
FOR_MEMBER = {
    "hidden": N_("For the office only"),
    "shown": N_("Members see it"),
    "edited": N_("Members see and edit it"),
}
WITH_CHOICES = ("choice", "choices")
YES_NO = {"yes": ("はい", "Yes"), "no": ("いいえ", "No")}  # values are stored, and stand in files, without any page
KEY = r'[^:~<>="\\\x00-\x1f]{1,100}'  # a short word; or a header under which a roster brought values before
MOST_FIELDS = 50
MOST_CHOICES = 100
LONGEST = {"line": 200, "text": 2_000}  # where the field says nothing shorter
LONGEST_VALUE = 2_000


def yes_and_no(language: str) -> dict[str, str]:
    """By what is stored."""
    return {code: words[language == "en"] for code, words in YES_NO.items()}
