"""Payments: money that moves. Requests to pay, providers, deposits, books."""
