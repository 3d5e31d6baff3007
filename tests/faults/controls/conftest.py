"""The sample services of the conformance suite."""

from __future__ import annotations

from tests.conformance.conftest import postgres_bus, sqlite_bus

__all__ = ["postgres_bus", "sqlite_bus"]
