"""Members who are there twice 重複: found, told apart, or merged into one, so that nothing of either is lost (M18+)."""
