"""What is set in a broker of our own while it runs."""

from __future__ import annotations

from deploy.stack.rabbit import Rabbit


def tune(rabbit: Rabbit, **settings: int) -> None:
    """Settings of a running node; connections and queues that are opened from now on have them."""
    sets = ", ".join(f"application:set_env(rabbit, {name}, {value})" for name, value in settings.items())
    rabbit.control("eval", f"{sets}.")
