"""Addresses of two database servers in one setting, and servers whose machine is gone."""

from __future__ import annotations

import os
import socket

import sqlalchemy as sa

from deploy.stack.ports import free_port
from shared.db import make_engine
from tests.servers.plugin import FreshDatabase


def test_of_two_servers_the_one_that_lives_and_can_be_written_to_is_taken(fresh_database: FreshDatabase) -> None:
    url = sa.make_url(fresh_database("billing").app_url)
    places = (f"{url.host}:{free_port()}", f"{url.host}:{url.port}")
    account = f"{url.username}:{url.password}"
    hosts = "&".join(f"host={place}" for place in places)
    engine = make_engine(
        f"postgresql+psycopg://{account}@/{url.database}?{hosts}&target_session_attrs=read-write", pool_size=1
    )
    with engine.connect() as connection:
        assert connection.scalar(sa.text("SELECT current_database()")) == url.database
    engine.dispose()


def test_a_server_whose_machine_is_gone_is_not_waited_for(fresh_database: FreshDatabase) -> None:
    """What the kernel is told about the line: nothing comes back from a machine without power, not even a refusal."""
    engine = make_engine(fresh_database("billing").app_url, pool_size=1)
    with engine.connect() as connection:
        driver = connection.connection.driver_connection
        assert driver is not None
        with socket.socket(fileno=os.dup(driver.fileno())) as line:
            told = [
                line.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE),
                *(
                    line.getsockopt(socket.IPPROTO_TCP, option)
                    for option in (
                        socket.TCP_KEEPIDLE,
                        socket.TCP_KEEPINTVL,
                        socket.TCP_KEEPCNT,
                        socket.TCP_USER_TIMEOUT,
                    )
                ),
            ]
    engine.dispose()
    assert told == [1, 15, 5, 3, 30_000]
