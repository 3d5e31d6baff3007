"""Geometry of charts: numbers in, coordinates out; `kit/charts.html` draws them as SVG without inline style."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import floor, log10

WIDTH, HEIGHT = 640, 240
LEFT, RIGHT, TOP, BOTTOM = 84, 8, 14, 32


@dataclass(frozen=True)
class Tick:
    y: float
    value: int


@dataclass(frozen=True)
class Mark:
    """One value: a bar's rectangle, or a point of a line (`x + width / 2`, `y`)."""

    series: int
    label: str
    value: int
    x: float
    y: float
    width: float
    height: float

    @property
    def middle(self) -> float:
        return round(self.x + self.width / 2, 1)


@dataclass(frozen=True)
class Chart:
    marks: Sequence[Mark]
    ticks: Sequence[Tick]
    labels: Sequence[tuple[float, str]]
    base: float

    def line(self, series: int) -> str:
        """`points` of a polyline."""
        return " ".join(f"{mark.middle},{mark.y}" for mark in self.marks if mark.series == series)


def lay_out(labels: Sequence[str], series: Sequence[Sequence[int]]) -> Chart:
    """Place values ≥ 0 of one or more series side by side over their labels."""
    highest = max((value for values in series for value in values), default=0)
    step = _nice_step(highest)
    top = max(step, -(-highest // step) * step)
    plot_width, plot_height = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM
    slot = plot_width / max(1, len(labels))
    width = min(36.0, slot * 0.72 / max(1, len(series)))
    marks = []
    for number, values in enumerate(series):
        for place, (label, value) in enumerate(zip(labels, values, strict=True)):
            height = round(plot_height * value / top, 1)
            x = LEFT + slot * place + slot / 2 + (number - len(series) / 2) * width
            marks.append(
                Mark(
                    number,
                    label,
                    value,
                    round(x + 1, 1),
                    round(TOP + plot_height - height, 1),
                    round(width - 2, 1),
                    height,
                )
            )
    ticks = [Tick(round(TOP + plot_height * (1 - value / top), 1), value) for value in range(0, top + 1, step)]
    every = max(1, -(-len(labels) // 12))
    middles = [
        (round(LEFT + slot * (place + 0.5), 1), label) for place, label in enumerate(labels) if place % every == 0
    ]
    return Chart(marks, ticks, middles, TOP + plot_height)


def _nice_step(highest: int) -> int:
    """About four steps of 1, 2 or 5 times a power of ten."""
    rough = max(1, highest / 4)
    power = 10 ** floor(log10(rough))
    return int(next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough))
