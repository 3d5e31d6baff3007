"""Announcements お知らせ: what the office tells its members on My Page (M15)."""
