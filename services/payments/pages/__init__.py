"""HTTP in, for people."""

from __future__ import annotations

from flask import Blueprint

from services.payments.pages.hooks import hooks
from services.payments.pages.my_pay import my_pay

BLUEPRINTS: tuple[Blueprint, ...] = (hooks, my_pay)
