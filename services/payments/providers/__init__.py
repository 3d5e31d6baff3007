"""Payment providers: which one this installation has."""

from __future__ import annotations

from services.payments.errors import NoProvider
from services.payments.providers.port import PaymentProvider
from services.payments.providers.sandbox import SandboxProvider
from services.payments.settings import PaymentSettings
from shared.service import RunningService


def provider_of(running: RunningService) -> PaymentProvider:
    """The provider that is set up. Raises NoProvider."""
    settings = settings_of(running)
    if not settings.sandbox_secrets:
        raise NoProvider
    return SandboxProvider(
        settings.sandbox_address, settings.sandbox_secrets, settings.hooks_url or settings.public_url
    )


def settings_of(running: RunningService) -> PaymentSettings:
    assert isinstance(running.settings, PaymentSettings)
    return running.settings
