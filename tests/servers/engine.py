"""A Docker engine, when one answers quickly. Containers live until the run ends, whichever process started them.

The libraries are imported only where an engine is likely: they cost every other run a second."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from tests.servers.run import Notes

if TYPE_CHECKING:
    from testcontainers.core.container import DockerContainer


@cache
def answers() -> bool:
    if "DOCKER_HOST" not in os.environ and not Path("/var/run/docker.sock").exists():
        return False
    import docker
    from docker.errors import DockerException

    try:
        return bool(docker.from_env(timeout=3).ping())
    except (DockerException, OSError):
        return False


def postgres() -> Notes:
    from testcontainers.community.postgres import PostgresContainer

    container = PostgresContainer("postgres:15", driver=None)
    container_id = _start(container)
    return {"admin_url": container.get_connection_url(), "container": container_id}


def rabbit() -> Notes:
    from testcontainers.community.rabbitmq import RabbitMqContainer

    container = RabbitMqContainer("rabbitmq:4-management").with_exposed_ports(5672, 15672)
    container_id = _start(container)
    place = f"{container.username}:{container.password}@{container.get_container_host_ip()}"
    return {
        "url": f"amqp://{place}:{container.get_exposed_port(5672)}/%2F",
        "management": f"http://{place}:{container.get_exposed_port(15672)}",
        "container": container_id,
    }


def remove(container_id: str) -> None:
    import docker
    from docker.errors import NotFound

    try:
        docker.from_env().containers.get(container_id).remove(force=True, v=True)
    except NotFound:
        return


def _start(container: DockerContainer) -> str:
    """Start it and give back its id. No reaper: it would end the container with the first worker that ends."""
    from testcontainers.core.config import testcontainers_config

    testcontainers_config.ryuk_disabled = True
    container.start()
    return str(container.get_wrapped_container().id)
