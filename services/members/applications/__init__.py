"""Applications 入会申請: terms → address → mailed link → form → the office decides (M1–M4)."""
