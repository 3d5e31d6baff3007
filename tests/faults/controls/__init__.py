"""Each guard switched off, on real servers, to see that what it guards against does go wrong: see README.md."""
