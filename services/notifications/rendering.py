"""Letters in words: liquid templates, one per kind and language, and the HTML part made from the text.

Liquid runs no code and reaches no Python objects: templates that staff will edit are safe with it (never Jinja)."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from liquid import CachingFileSystemLoader, Environment, StrictUndefined

FOLDER = Path(__file__).parent / "templates" / "letters"
LANGUAGES = ("ja", "en")
LINK = re.compile(r"https?://\S+")
MARK = "▼ "  # begins the line that says what the link on the next line is for
_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)


@dataclass(frozen=True)
class Rendered:
    """A letter's words."""

    subject: str
    text: str


def kinds() -> list[str]:
    """All kinds of letters, by their templates."""
    return sorted({path.name.split(".")[0] for path in FOLDER.glob("*.ja.liquid")} - {"frame"})


def render(kind: str, language: str, facts: Mapping[str, Any]) -> Rendered:
    """Fill in a letter: first line of the template `Subject: …`, then the body, set into the frame.

    Raises liquid's LiquidError where the template is broken or names a fact that there is not."""
    head, _, body = _environment(language).get_template(f"{kind}.{language}.liquid").render(**facts).partition("\n")
    if not head.startswith("Subject: "):
        raise ValueError(f"{kind}.{language}.liquid does not begin with a subject")
    text = _environment(language).get_template(f"frame.{language}.liquid").render(**{**facts, "body": body.strip()})
    return Rendered(subject=" ".join(head.removeprefix("Subject: ").split()), text=_tidy(text))


def html_of(text: str, subject: str, language: str) -> str:
    """The same letter as simple HTML: paragraphs, and each link that stands alone on its line as a button."""
    paragraphs = "\n".join(_paragraph(p.splitlines()) for p in text.strip().split("\n\n"))
    return (
        f'<!DOCTYPE html>\n<html lang="{language}"><head><meta charset="utf-8">'
        f"<title>{html.escape(subject)}</title></head>\n"
        '<body style="margin:0;padding:24px 12px;background:#f4f5f7;color:#1d2733;'
        "font-family:'Hiragino Sans','Noto Sans JP',Meiryo,sans-serif;font-size:15px;line-height:1.8\">\n"
        '<div style="max-width:600px;margin:0 auto;padding:28px;background:#fff;border-radius:8px">\n'
        f"{paragraphs}\n</div></body></html>\n"
    )


def _paragraph(lines: list[str]) -> str:
    parts: list[str] = []
    label = ""
    for line in lines:
        if line.startswith(MARK):
            label = line.removeprefix(MARK)
        elif LINK.fullmatch(line):
            parts.append(_button(line, label or line))
            label = ""
        else:
            parts.append(html.escape(line) + "<br>")
    return f'<p style="margin:0 0 16px">{"".join(parts).removesuffix("<br>")}</p>'


def _button(link: str, label: str) -> str:
    target = html.escape(link)
    return (
        f'<a href="{target}" style="display:inline-block;padding:10px 22px;border-radius:6px;background:#1f5fa8;'
        f'color:#fff;text-decoration:none;font-weight:bold">{html.escape(label)}</a><br>'
        f'<span style="font-size:12px;color:#5b6775;word-break:break-all">{target}</span><br>'
    )


def _tidy(text: str) -> str:
    """At most one blank line in a row, none at the ends."""
    lines = "\n".join(line.rstrip() for line in text.strip().splitlines())
    return re.sub(r"\n{3,}", "\n\n", lines) + "\n"


@cache
def _environment(language: str) -> Environment:
    environment = Environment(loader=CachingFileSystemLoader(FOLDER, auto_reload=False), undefined=StrictUndefined)
    environment.add_filter("yen", lambda amount: f"{amount:,}円" if language == "ja" else f"JPY {amount:,}")
    environment.add_filter("day", lambda text: _day(date.fromisoformat(str(text)[:10]), language))
    environment.add_filter("moment", lambda text, zone: _moment(text, zone, language))
    return environment


def _day(day: date, language: str) -> str:
    if language == "ja":
        return f"{day.year}年{day.month}月{day.day}日"
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


def _moment(text: str, zone: str, language: str) -> str:
    local = datetime.fromisoformat(text).astimezone(ZoneInfo(zone))
    time = f"{local.hour}:{local.minute:02d}"
    return (
        f"{_day(local.date(), language)} {time}"
        if language == "ja"
        else f"{_day(local.date(), language)}, {time} ({zone})"
    )
