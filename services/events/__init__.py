"""Events: events, registrations, seats."""
