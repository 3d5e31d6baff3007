"""A tiny service that wears the page kit, for the kit's own tests."""
