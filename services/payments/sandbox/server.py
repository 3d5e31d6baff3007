"""`tsudoi sandbox`: the sandbox provider as a process of its own."""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path

from cheroot.wsgi import Server

from services.payments.sandbox.app import create_sandbox
from shared.stopping import stop_on_signals


def main() -> int:
    """Serve on TSUDOI_BIND (host:port) until told to stop; data in TSUDOI_HOME, secret TSUDOI_SANDBOX_SECRET."""
    secret = os.environ.get("TSUDOI_SANDBOX_SECRET", "")
    if not secret.strip(", "):
        print("tsudoi cannot start:\nTSUDOI_SANDBOX_SECRET is not set (shared with payments)", file=sys.stderr)
        return 2
    host, _, port = os.environ.get("TSUDOI_BIND", "127.0.0.1:8090").rpartition(":")
    stop = stop_on_signals()
    home = Path(os.environ.get("TSUDOI_HOME", ".tsudoi"))
    app = create_sandbox(home, secret, os.environ.get("TSUDOI_PUBLIC_URL", ""))
    server = Server((host, int(port)), app, numthreads=8, server_name="tsudoi-sandbox")
    server.prepare()
    serving = _serve(server)
    stop.wait()
    server.stop()
    serving.join(timeout=15)
    app.extensions["close"]()
    return 0


def _serve(server: Server) -> threading.Thread:
    thread = threading.Thread(target=server.serve, name="sandbox-web", daemon=True)
    thread.start()
    return thread
