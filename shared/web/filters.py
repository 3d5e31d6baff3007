"""How money, dates and names of states are written, in templates and on the reader's language and calendar."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from flask import Flask, g
from flask_babel import format_date, format_datetime, get_timezone, gettext
from lucide import jinja as lucide
from markupsafe import Markup, escape

from shared.japan.calendar import wareki
from shared.web.badges import badge_of
from shared.web.charts import lay_out
from shared.web.i18n import language


def yen(amount: int | None) -> str:
    """`¥12,000`; negative amounts with a true minus sign; nothing for None."""
    if amount is None:
        return ""
    return f"{'−' if amount < 0 else ''}¥{abs(amount):,}"


def number(count: int | None) -> str:
    return "" if count is None else f"{count:,}"


def day(value: date | datetime | None) -> str:
    """2026年11月21日 or 21 Nov 2026, in the society's zone."""
    if value is None:
        return ""
    return str(format_date(_local(value), "y年M月d日" if language() == "ja" else "d MMM y"))


def day_with_era(value: date | datetime | None) -> str:
    """2026年11月21日（令和8年）; in English without the era."""
    if value is None:
        return ""
    if language() != "ja":
        return day(value)
    era_year = wareki(_local(value)).split("年", 1)[0]
    return f"{day(value)}（{era_year}年）"


def moment(value: datetime | None) -> str:
    """A date and time to the minute, in the society's zone."""
    if value is None:
        return ""
    return str(format_datetime(value, "y/MM/dd HH:mm" if language() == "ja" else "d MMM y, HH:mm"))


def short_day(value: date | datetime | None) -> str:
    """2026/11/21 or 21 Nov 2026: for tables."""
    if value is None:
        return ""
    return str(format_date(_local(value), "y/MM/dd" if language() == "ja" else "d MMM y"))


@lru_cache(maxsize=1024)
def icon(name: str, size: int = 18, label: str = "") -> Markup:
    """An inline SVG of lucide; silent for screen readers unless it has a label."""
    attributes: dict[str, Any] = {"role": "img", "aria_label": label} if label else {"aria_hidden": "true"}
    svg = str(lucide.lucide(name, size=size, **attributes))
    return Markup(
        re.sub(r'class="[^"]*"', 'class="icon"', svg)
        if "class=" in svg
        else svg.replace("<svg", '<svg class="icon"', 1)
    )


_LINK = re.compile(r"https?://[A-Za-z0-9][A-Za-z0-9\-._~:/?#@!$&'()*+,;=%]*")  # Japanese may follow without a space


def linked(text: str) -> Markup:
    """Plain text with its web addresses as links. Nothing else in it is HTML, whatever it looks like."""
    parts, shown = [], 0
    for found in _LINK.finditer(text):
        address = _without_punctuation(found[0])
        parts += [escape(text[shown : found.start()]), Markup('<a href="{0}" rel="noopener">{0}</a>').format(address)]
        shown = found.start() + len(address)
    return Markup("").join([*parts, escape(text[shown:])])


def _without_punctuation(address: str) -> str:
    """A sentence may end with an address, or a bracket hold it."""
    while address[-1] in ".,:;!?'*" or (address[-1] == ")" and address.count(")") > address.count("(")):
        address = address[:-1]
    return address


def attributes(given: Mapping[str, Any]) -> Markup:
    """Keyword arguments of a macro as HTML attributes: `hx_get` → `hx-get`, `class_` → `class`, True → bare name."""
    found = [
        (name.rstrip("_").replace("_", "-"), value)
        for name, value in given.items()
        if value is not None and value is not False
    ]
    return Markup("").join(Markup(" {}").format(n) if v is True else Markup(' {}="{}"').format(n, v) for n, v in found)


def short_number(value: int) -> str:
    """For axes: 1,200万 or 12M."""
    units = ((100_000_000, "億"), (10_000, "万")) if language() == "ja" else ((1_000_000, "M"), (1_000, "k"))
    for size, unit in units:
        if value >= size:
            return f"{value / size:,.10g}{unit}"
    return f"{value:,}"


def society_name() -> str:
    """The name on every page, in the reader's language; the product's where no society is known."""
    society = g.get("society")
    if society is None:
        return "Tsudoi"
    return str((language() == "en" and society.name_en) or society.name)


def _local(value: date | datetime) -> date:
    return value.astimezone(get_timezone()).date() if isinstance(value, datetime) else value


def install(app: Flask) -> None:
    env = app.jinja_env
    env.filters.update(
        yen=yen,
        number=number,
        day=day,
        day_with_era=day_with_era,
        moment=moment,
        short_day=short_day,
        translated=gettext,
        linked=linked,
    )
    env.filters["short_number"] = short_number
    env.globals.update(icon=icon, attributes=attributes, badge_of=badge_of, lay_out=lay_out, society_name=society_name)
