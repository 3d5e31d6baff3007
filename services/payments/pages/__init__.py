"""HTTP in, for people."""

BLUEPRINTS: tuple[()] = ()
