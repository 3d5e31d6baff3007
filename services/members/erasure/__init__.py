"""The end of personal data 個人情報の消去: after a time, or because the person asks for it; in all services."""
