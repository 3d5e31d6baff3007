"""How Tsudoi is run: the full stack on one machine, the gateway's configuration, container files."""
