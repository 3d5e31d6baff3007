"""Billing through its real surfaces: messages, pages, API."""
