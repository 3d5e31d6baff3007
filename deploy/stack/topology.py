"""`python -m deploy.stack.topology`: declare the exchanges and queues of all services, once a deployment.

Without it the first messages of a publisher that starts before its subscribers would reach no queue and be repeated."""

from __future__ import annotations

import os
import sys

from shared.bus.topology import declare_topology
from shared.cli import service_named


def main(services: list[str]) -> None:
    declare_topology(os.environ["TSUDOI_BROKER"], [service_named(name) for name in services])


if __name__ == "__main__":
    main(sys.argv[1:])
