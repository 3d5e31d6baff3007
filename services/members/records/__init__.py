"""History records 履歴情報 of members (M16): by hand and by file, on My Page where they are public, kept for a time."""
