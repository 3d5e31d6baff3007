"""HTTP in, for programs."""

from __future__ import annotations

from services.payments.api import deposits, payments, requests

BLUEPRINTS = (payments.blp, deposits.blp, requests.blp)
