"""Work on the trails of all societies, one after the other."""

from __future__ import annotations

from collections.abc import Callable

import structlog

from shared.service import RunningService

log = structlog.get_logger()


def each_society(running: RunningService, deed: Callable[[str], None]) -> None:
    """What fails for one society is done for the others all the same. Raises the last failure."""
    failure: Exception | None = None
    for society in running.societies():
        try:
            deed(society)
        except Exception as error:
            log.warning("audit trail of a society", service=running.name, society=society, error=repr(error))
            failure = error
    if failure:
        raise failure
