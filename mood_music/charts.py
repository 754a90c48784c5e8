"""Small line charts, drawn by the server: no script, no inline style, in the page's own colours.

The drawing is stretched to the width of its place, the words around it are not; that is why ticks are evenly spaced.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

INTERVALS = 4
"""Distances between ticks of the upright axis; one more tick than that."""
MOST_LINES = 6
"""How many lines have a look of their own, see `.chart` in components.css."""


@dataclass(frozen=True, slots=True)
class Series:
    """Name one line and give its values, one for each place along the x axis; None leaves a gap."""

    label: str
    values: Sequence[float | None]


@dataclass(frozen=True, slots=True)
class Line:
    """Hold one drawn line: `path` in a square of 100 by 100, `dots` likewise, `look` from 1 on."""

    label: str
    path: str
    dots: str
    look: int


@dataclass(frozen=True, slots=True)
class Chart:
    """Hold all that components/line_chart.html needs. `rows` are the figures as text, for the table below."""

    title: str
    lines: list[Line]
    x_ticks: list[str]
    y_ticks: list[str]
    rows: list[tuple[str, list[str]]]
    x_label: str

    @property
    def empty(self) -> bool:
        """Tell whether there is nothing to draw."""
        return not self.rows


def line_chart(
    *,
    title: str,
    x: Sequence[str],
    series: Sequence[Series],
    x_label: str,
    percent: bool = False,
    from_zero: bool = True,
    figures: str = ".0f",
) -> Chart:
    """Return a chart of some lines over common places.

    `percent` prints shares from 0 to 1 as whole percent; else `figures` is the format of a value. `from_zero` begins
    the upright axis at nought. Raises ValueError when a line has another number of values than there are places, when
    a value is no number, and when there are more lines than looks.
    """
    if len(series) > MOST_LINES:
        raise ValueError(f"{len(series)} lines, but only {MOST_LINES} can be told apart")
    for each in series:
        if len(each.values) != len(x):
            raise ValueError(f"{len(each.values)} values of {each.label} for {len(x)} places")
    known = [value for each in series for value in each.values if value is not None]
    if not all(map(math.isfinite, known)):
        raise ValueError("a value is no number")
    low, high, step = _scale(known, from_zero=from_zero)
    ticks = [low + step * n for n in range(INTERVALS, -1, -1)]

    def words(value: float | None) -> str:
        if value is None:
            return ""
        return f"{value:.0%}" if percent else format(value, figures)

    def tick(value: float) -> str:
        if percent:
            return f"{value * 100:.10g}%"
        return f"{value:.10g}"

    return Chart(
        title=title,
        lines=[_line(each, n + 1, low, high) for n, each in enumerate(series)],
        x_ticks=_some(x),
        y_ticks=[tick(round(value, 10)) for value in ticks],
        rows=[(place, [words(each.values[n]) for each in series]) for n, place in enumerate(x)] if known else [],
        x_label=x_label,
    )


def _scale(values: Sequence[float], *, from_zero: bool) -> tuple[float, float, float]:
    """Return both ends of the upright axis and the distance of its ticks: 1, 2, 2.5 or 5 times a power of ten."""
    if not values:
        return 0.0, 1.0, 1 / INTERVALS
    low, high = min(values), max(values)
    if from_zero:
        low = min(low, 0.0)
    # Values that differ by less than their own rounding are drawn as equal.
    span = high - low if high - low > 1e-9 * max(abs(low), abs(high)) else abs(high) or 1.0
    # Finer than any figure that is drawn here, and far from where floating point runs out of digits.
    span = max(span, 1e-12)
    power = 10.0 ** math.floor(math.log10(span / INTERVALS))
    for factor in (1, 2, 2.5, 5, 10, 20):
        step = factor * power
        start = math.floor(low / step + 1e-9) * step
        if start + step * INTERVALS >= high - 1e-9 * span:
            return start, start + step * INTERVALS, step
    raise AssertionError("twenty times the power covers every span")


def _line(series: Series, look: int, low: float, high: float) -> Line:
    """Return the path through the known values, broken at gaps, and the dots on it."""
    last = max(len(series.values) - 1, 1)
    path, dots, pen_down = [], [], False
    for n, value in enumerate(series.values):
        if value is None:
            pen_down = False
            continue
        at = f"{100 * n / last:.2f} {100 - 100 * (value - low) / (high - low):.2f}"
        path.append(f"{'L' if pen_down else 'M'}{at}")
        # A line of no length with round ends is a dot that stays round however the drawing is stretched.
        dots.append(f"M{at}h0")
        pen_down = True
    return Line(label=series.label, path="".join(path), dots="".join(dots), look=look)


def _some(x: Sequence[str]) -> list[str]:
    """Return at most three places, evenly spaced: the first, the one in the middle, the last."""
    if len(x) < 4:
        return list(x)
    return [x[0], x[len(x) // 2], x[-1]] if len(x) % 2 else [x[0], x[-1]]
