"""The pages of billing: the staff console and the parts of My Page."""

from __future__ import annotations

from services.billing.pages.dashboard import dashboard_pages
from services.billing.pages.fees import fees_pages
from services.billing.pages.invoices import invoices_pages
from services.billing.pages.my import my_pages
from services.billing.pages.runs import runs_pages

PAGES = (dashboard_pages, runs_pages, invoices_pages, fees_pages, my_pages)
