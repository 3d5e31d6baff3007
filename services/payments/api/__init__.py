"""HTTP in, for programs."""

BLUEPRINTS: tuple[()] = ()
