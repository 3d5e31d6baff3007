"""`python -m tests.bench.peers_publish <module> <n>`: n tasks by a peer's own client; prints when it began."""

from __future__ import annotations

import importlib
import sys
import time
import uuid

TITLE, PADDING = "2026年度年会費", "x" * 480


def main() -> None:
    send, n = importlib.import_module(sys.argv[1]).send, int(sys.argv[2])
    send(str(uuid.uuid4()), str(uuid.uuid4()), TITLE, PADDING)  # connections are not what is measured
    print(time.time(), flush=True)
    for _ in range(n):
        send(str(uuid.uuid4()), str(uuid.uuid4()), TITLE, PADDING)


if __name__ == "__main__":
    main()
