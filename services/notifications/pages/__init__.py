"""Pages: sent mail for staff, and the mailbox of a trial installation."""

from __future__ import annotations

from services.notifications.pages.letters import letters_pages
from services.notifications.pages.mailbox import mailbox_pages

PAGES = (letters_pages, mailbox_pages)
