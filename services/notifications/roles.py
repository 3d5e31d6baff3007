"""Who may do what with mail: roles by the names of `shared/capabilities/capabilities.toml`."""

from __future__ import annotations

from shared.capabilities import may

LETTERS_SEE = may("see-letters")
LETTERS_RESEND = may("resend-letters")
