"""HTTP in."""

from __future__ import annotations

from flask import Blueprint

API: tuple[Blueprint, ...] = ()
