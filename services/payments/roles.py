"""Who may do what with money that moves: roles by the names of `shared/capabilities/capabilities.toml`."""

from __future__ import annotations

from shared.capabilities import may

PAYMENTS_SEE = may("see-payments")
PAYMENTS_CHANGE = may("change-payments")
PAY = may("pay")
