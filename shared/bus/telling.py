"""What `tsudoi bus` prints: tables for people, JSON for programs."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from shared.bus.lag import Lag
from shared.bus.parked import ParkedGroup, ParkedMessage
from shared.bus.recovery import Difference


def as_json(found: Any) -> str:
    return json.dumps(found, ensure_ascii=False, indent=2, default=str)


def as_dict(found: Any) -> dict[str, Any]:
    return dataclasses.asdict(found)


def lag_table(rows: Mapping[str, tuple[Lag, int | None]]) -> str:
    """One line a service; `late` names due work that did not succeed for twice its interval."""
    lines = [("service", "unsent", "oldest", "waiting", "oldest", "overdue", "parked", "oldest", "dead", "late")]
    for name, (lag, dead) in rows.items():
        late = ", ".join(tick.name for tick in lag.ticks if tick.is_late)
        waiting = (lag.unsent, lag.oldest_unsent, lag.waiting, lag.oldest_waiting)
        figures = (str(waiting[0]), span(waiting[1]), str(waiting[2]), span(waiting[3]), span(lag.overdue))
        parked = (str(lag.parked), span(lag.oldest_parked), "?" if dead is None else str(dead), late or "-")
        lines.append((name, *figures, *parked))
    return _table(lines, left=(0, 9))


def parked_table(groups: Mapping[str, Sequence[ParkedGroup]]) -> str:
    lines = [("service", "group", "count", "since (UTC)", "type", "an example", "error")]
    for name, found in groups.items():
        for each in found:
            since = f"{each.oldest:%Y-%m-%d %H:%M}"
            lines.append((name, each.code, str(each.count), since, each.type, each.example, each.error))
    return _table(lines, left=(0, 1, 3, 4, 5, 6)) if len(lines) > 1 else "nothing is parked"


def message_page(message: ParkedMessage) -> str:
    """All that is known of one message."""
    facts = as_dict(message)
    payload = facts.pop("payload")
    lines = [f"{name:<13}{'-' if value in (None, '') else value}" for name, value in facts.items()]
    kept = as_json(payload) if payload is not None else "(no longer kept: it was handled)"
    return "\n".join([*lines, "payload      texts masked", kept])


def difference_table(found: Sequence[Difference]) -> str:
    lines = [("difference", "type", "message", "society", "known to", "at (UTC)")]
    for each in found:
        at = f"{each.at:%Y-%m-%d %H:%M:%S}"
        lines.append((each.what, each.type, each.id, each.society or "-", each.known_to, at))
    return _table(lines, left=tuple(range(6))) if len(lines) > 1 else "no difference"


def span(seconds: float) -> str:
    """`-`, `12s`, `3m`, `5h`, `2d`."""
    if seconds <= 0:
        return "-"
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "m")):
        if seconds >= size:
            return f"{timedelta(seconds=seconds) // timedelta(seconds=size)}{unit}"
    return f"{seconds:.0f}s"


def _table(rows: Sequence[Sequence[str]], *, left: Sequence[int]) -> str:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if column in left else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )
