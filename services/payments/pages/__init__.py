"""HTTP in, for people."""

from __future__ import annotations

from flask import Blueprint

from services.payments.pages.console_deposits import console_deposits
from services.payments.pages.console_offline import console_offline
from services.payments.pages.console_payments import console_payments
from services.payments.pages.hooks import hooks
from services.payments.pages.my_pay import my_pay

BLUEPRINTS: tuple[Blueprint, ...] = (hooks, my_pay, console_payments, console_offline, console_deposits)
