"""What axe finds wrong with a page for those who cannot see, hear, point or hold still as others do (WCAG 2.2 AA)."""

from __future__ import annotations

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "resultTypes": ["violations"],
}
# what sticks out on the right, if the page scrolls
TOO_WIDE = """() => document.documentElement.scrollWidth <= innerWidth ? [] : [...document.querySelectorAll("body *")]
    .filter((one) => one.getBoundingClientRect().right > innerWidth + 1 && !one.closest(".table-frame"))
    .map((one) => `${one.tagName.toLowerCase()}.${one.className}`).slice(0, 5).concat("…")"""


def page_faults(page: Page, *, without: str = "") -> str:
    """A line or two for each; nothing where all is well. `without`: a selector of what is not ours."""
    context = {"exclude": [[without]]} if without else None
    found = []
    for violation in Axe().run(page, context=context, options=RULES).response["violations"]:
        for node in violation["nodes"][:3]:
            target = " ".join(map(str, node["target"]))
            found.append(f"  {violation['id']}: {target}\n    {node['html'][:200]}")
    if wide := page.evaluate(TOO_WIDE):
        found.append(f"  the page scrolls sideways: {' '.join(wide)}")
    return "\n".join(found)
