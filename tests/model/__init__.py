"""A stateful model: random business, random trouble, the real kit and services on SQLite, a simulated clock."""
