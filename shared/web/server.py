"""`tsudoi web <service>`: gunicorn around one service's pages and API. Connections are made after the fork."""

from __future__ import annotations

import os
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication
from gunicorn.workers.gthread import ThreadWorker
from prometheus_client import multiprocess

from shared.service import Service
from shared.web.app import create_app
from shared.web.crowding import Line


class _Worker(ThreadWorker):  # type: ignore[misc]
    """Told to stop, it answers what has come in, and listens no longer: the port is closed for whoever comes now.

    gunicorn's own stops accepting and goes on listening until its last answer is out. Each worker has a queue of its
    own here (`reuse_port`): whoever was put into it meanwhile would wait in vain and be cut off."""

    def get_thread_pool(self) -> Line:
        return Line(max_workers=self.cfg.threads)

    def set_accept_enabled(self, enabled: bool) -> None:
        super().set_accept_enabled(enabled)
        if self.alive:
            return
        for listener in self.sockets:
            taken = -1
            while taken != self.nr_conns:
                taken = self.nr_conns
                self.accept(listener)
            listener.close()


class _Server(BaseApplication):  # type: ignore[misc]
    def __init__(self, service: Service) -> None:
        self.service = service
        super().__init__()

    def load_config(self) -> None:
        settings: dict[str, Any] = {
            "bind": os.environ.get("TSUDOI_BIND", "127.0.0.1:8000"),
            "workers": int(os.environ.get("TSUDOI_WEB_WORKERS", "2")),
            "threads": int(os.environ.get("TSUDOI_WEB_THREADS", "8")),
            "worker_class": _Worker,
            "reuse_port": True,  # without it, kept-alive connections gather at one worker
            "graceful_timeout": 25,
            "timeout": 60,
            "keepalive": 30,
            "proc_name": f"tsudoi-web-{self.service.name}",
            "child_exit": _forget_metrics,
            "accesslog": None,
            "control_socket_disable": True,  # all services of one account would share one path
        }
        for name, value in settings.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        return create_app(self.service.start())


def _forget_metrics(_server: object, worker: Any) -> None:
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        multiprocess.mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]


def serve(service: Service) -> int:
    """Serve until SIGTERM; finishes what it is answering, then returns 0. Raises SettingsWrong before any fork."""
    service.settings.load(service.name)
    _Server(service).run()
    return 0
