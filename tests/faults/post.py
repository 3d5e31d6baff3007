"""Messages put in by hand beside those of the services, and what became of them."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from shared.bus.rabbit import RabbitPublisher
from shared.messages import Envelope
from tests.faults.books import reading
from tests.faults.site import Site


def publish(site: Site, envelopes: Sequence[Envelope]) -> None:
    publisher = RabbitPublisher(site.broker_url)
    try:
        assert publisher.publish(envelopes) == {each.id for each in envelopes}
    finally:
        publisher.close()


def publish_at_once(site: Site, envelopes: Sequence[Envelope], threads: int = 3) -> None:
    """In the given order, but over several connections side by side."""
    with ThreadPoolExecutor(threads) as pool:
        for done in [pool.submit(publish, site, envelopes[number::threads]) for number in range(threads)]:
            done.result()


def state_in(site: Site, service: str, id: str) -> str | None:
    """Of a message in a service's inbox; None: not there."""
    with reading({service: site.databases[service]}) as books:
        return next(
            (str(row.state) for row in books.rows(service, "SELECT state FROM inbox WHERE id = :id", id=id)), None
        )
