"""The kit: what every service of Tsudoi is built from. Knows no service."""
