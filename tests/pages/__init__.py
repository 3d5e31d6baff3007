"""The story that must work, in a real browser, on both installations."""
