"""Notifications: mail to people, and the proof of it."""
