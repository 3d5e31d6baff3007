"""Pages: events for the office, events for members."""

from __future__ import annotations

from services.events.pages.console import console_pages
from services.events.pages.downloads import downloads_pages
from services.events.pages.my import my_pages

PAGES = (console_pages, downloads_pages, my_pages)
