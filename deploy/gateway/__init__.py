"""The configuration of the gateway."""
