"""Who may do what with what is owed: roles by the names of `shared/capabilities/capabilities.toml`."""

from __future__ import annotations

from shared.capabilities import may

BILLING_SEE = may("see-billing")
BILLING_CHANGE = may("change-billing")
OWN_INVOICES = may("own-invoices")
