"""The HTTP API of billing: a blueprint per capability, with its schemas beside it."""

from __future__ import annotations

from services.billing.api.fees import fees_api
from services.billing.api.invoices import invoices_api
from services.billing.api.receipts import receipts_api
from services.billing.api.runs import runs_api

API = (fees_api, runs_api, invoices_api, receipts_api)
