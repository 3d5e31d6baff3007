"""The sample services of the conformance suite, with and without a broker."""

from __future__ import annotations

from tests.conformance.conftest import postgres_bus, rabbit, sqlite_bus

__all__ = ["postgres_bus", "rabbit", "sqlite_bus"]
