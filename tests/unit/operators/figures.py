"""What is exported, what the handbook says of it, and what an expression of PromQL asks for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from prometheus_client import Counter, Gauge, Histogram
from prometheus_client.metrics import MetricWrapperBase
from prometheus_client.parser import text_string_to_metric_families

from services.notifications import sending
from shared import observe
from shared.bus import consumer, ticker, worker
from shared.web import again, crowding

ROOT = Path(__file__).parents[3]
SUFFIXES = {"counter": ("_total",), "histogram": ("_bucket", "_count", "_sum"), "gauge": ("",)}
PROMETHEUS_OWN = {"up": frozenset({"job", "instance"})}
KINDS = {Counter: "counter", Gauge: "gauge", Histogram: "histogram"}

_WORDS = frozenset({"and", "or", "unless", "offset", "bool", "group_left", "group_right"})


@dataclass(frozen=True)
class Figure:
    kind: str
    labels: frozenset[str]


def counted() -> dict[str, Figure]:
    """Figures that processes count themselves: every one that a module declares."""
    return {
        each._name: Figure(KINDS[type(each)], frozenset(each._labelnames))
        for module in (observe, ticker, worker, consumer, again, crowding, sending)
        for each in vars(module).values()
        if isinstance(each, MetricWrapperBase)
    }


def scraped(text: str) -> dict[str, Figure]:
    """Figures of ours in an answer of `/metrics`; labels as far as there are samples."""
    found: dict[str, set[str]] = {}
    kinds: dict[str, str] = {}
    for family in text_string_to_metric_families(text):
        if family.name.startswith("tsudoi_") and not family.name.endswith("_created"):
            kinds[family.name] = family.type
            labels = {label for sample in family.samples for label in sample.labels} - {"le", "pid"}
            found.setdefault(family.name, set()).update(labels)
    return {name: Figure(kinds[name], frozenset(labels)) for name, labels in found.items()}


def documented() -> dict[str, Figure]:
    """The table of the handbook."""
    rows = re.findall(
        r"^\| `(tsudoi_\w+)` \| (\w+) \| ([^|]+) \|", (ROOT / "docs/operators/metrics.md").read_text(), re.M
    )
    return {name: Figure(kind, frozenset(re.findall(r"\w+", labels))) for name, kind, labels in rows}


def samples(figures: Mapping[str, Figure]) -> dict[str, frozenset[str]]:
    """Names as PromQL knows them, each with its labels."""
    names = {
        name + suffix: figure.labels | ({"le"} if suffix == "_bucket" else set())
        for name, figure in figures.items()
        for suffix in SUFFIXES[figure.kind]
    }
    return names | PROMETHEUS_OWN


def asked_for(expression: str) -> Iterable[tuple[str, frozenset[str]]]:
    """Names of series in an expression, each with the labels that its selector matches."""
    plain = re.sub(r'"[^"]*"', '""', expression)
    plain = re.sub(r"\b(by|without|on|ignoring)\s*\([^)]*\)", " ", plain)
    for name, selector in re.findall(r"([a-zA-Z_:][\w:]*)\s*(\{[^}]*\})?(?!\s*\(|\w)", plain):
        if name not in _WORDS and not re.search(rf"\b{name}\s*\(", plain) and not re.search(rf"\d{name}\b", plain):
            yield name, frozenset(re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", selector))


def grouped_by(expression: str) -> frozenset[str]:
    groups = re.findall(r"\b(?:by|on)\s*\(([^)]*)\)", expression)
    return frozenset(label for group in groups for label in re.findall(r"\w+", group))
