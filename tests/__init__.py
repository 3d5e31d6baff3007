"""Tsudoi's tests."""
