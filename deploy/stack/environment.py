"""The settings (`TSUDOI_*`) that each process of a stack is given: what it needs, and no other service's secrets."""

from __future__ import annotations

import os
from pathlib import Path

from deploy.stack.state import State, broker_account


def inherited() -> dict[str, str]:
    """The environment of whoever starts the stack, without settings of Tsudoi that may be meant for something else."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("TSUDOI_", "PROMETHEUS_"))}
    return {"LANG": "C.UTF-8", **kept, "PYTHONUNBUFFERED": "1"}


def database_url(state: State, service: str, *, owner: bool = False) -> str:
    """With a standby it names both servers, and whoever connects takes the one that can be written to."""
    role = f"{service}_owner" if owner else service
    places = [f"127.0.0.1:{port}" for port in database_ports(state)]
    if len(places) == 1:
        return f"postgresql+psycopg://{role}:{state.passwords[service]}@{places[0]}/tsudoi_{service}"
    hosts = "&".join(f"host={place}" for place in places)
    address = f"postgresql+psycopg://{role}:{state.passwords[service]}@/tsudoi_{service}"
    return f"{address}?{hosts}&target_session_attrs=read-write"


def database_ports(state: State) -> list[int]:
    return [state.ports[name] for name in ("postgres", "standby") if name in state.ports]


def broker_url(state: State, service: str | None = None) -> str:
    """A service's own address; without one the administrator's, who declares queues and may read all of them."""
    user = service or "tsudoi"
    password = state.passwords[broker_account(service) if service else "rabbit"]
    return f"amqp://{user}:{password}@127.0.0.1:{state.ports['rabbit']}/tsudoi"


def gateway_url(state: State) -> str:
    return f"http://127.0.0.1:{state.ports['gateway']}"


def clock_file(state: State) -> Path:
    return Path(state.home) / "clock"


def common(state: State) -> dict[str, str]:
    home = Path(state.home)
    return {
        "TSUDOI_SMTP": f"smtp://127.0.0.1:{state.ports['smtp']}",
        "TSUDOI_PUBLIC_URL": gateway_url(state),
        "TSUDOI_SECRET": state.passwords["session"],
        "TSUDOI_TOKEN_PUBLIC": str(home / "keys" / "token.pub"),
        "TSUDOI_HOME": str(home / "data"),
        "TSUDOI_CLOCK_FILE": str(clock_file(state)),
        **state.extra_env,
    }


def for_service(state: State, service: str, *, owner: bool = False) -> dict[str, str]:
    """Settings of one service; `owner`: also the address that may change its tables (for migrations alone)."""
    env = {"TSUDOI_BROKER": broker_url(state, service), **common(state)}
    env[f"TSUDOI_DATABASE_{service.upper()}"] = database_url(state, service)
    if owner:
        env[f"TSUDOI_DATABASE_{service.upper()}_OWNER"] = database_url(state, service, owner=True)
    if service == "members":
        env["TSUDOI_TOKEN_KEY"] = str(Path(state.home) / "keys" / "token.pem")
    if service == "payments":
        env["TSUDOI_SANDBOX_SECRET"] = state.passwords["sandbox"]
    return env


def for_process(state: State, kind: str, service: str) -> dict[str, str]:
    """Settings of one process of a service: also where it listens and where it counts."""
    env = for_service(state, service)
    if kind == "web":
        port = state.ports[f"web-{service}"]
        env["TSUDOI_BIND"] = f"127.0.0.1:{port}"
        env["TSUDOI_WEB_WORKERS"] = str(state.web_workers)
        # of this instance alone: the one that it takes over from still counts in its own
        env["PROMETHEUS_MULTIPROC_DIR"] = str(Path(state.home) / "metrics" / f"{service}-{port}")
    else:
        env["TSUDOI_METRICS_PORT"] = str(state.ports[f"{kind}-{service}-metrics"])
    return env


def for_topology(state: State) -> dict[str, str]:
    return {"TSUDOI_BROKER": broker_url(state), **common(state)}


def for_sandbox(state: State) -> dict[str, str]:
    env = common(state)
    env["TSUDOI_BIND"] = f"127.0.0.1:{state.ports['sandbox']}"
    env["TSUDOI_SANDBOX_SECRET"] = state.passwords["sandbox"]
    return env
