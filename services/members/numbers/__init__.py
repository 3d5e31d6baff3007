"""Member numbers 会員番号: who has which, who ever had it, and numbering 採番 of a chosen list (M7)."""
