"""Standings 会員状況 with their dates: what a member is, was, and will be from a day on (M5, M6)."""
