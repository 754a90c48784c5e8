"""Lay the points of the plane out for a drawing. Plain Python; units of 0 to 100, y downwards."""

from __future__ import annotations

import math
from collections.abc import Sequence

DOT = 6.8
"""The least distance between the middles of two dots at which both numbers can be read."""
_ROUNDS = 300
_GOLDEN = math.pi * (3 - math.sqrt(5))


def point(valence: float, arousal: float) -> dict[str, float]:
    """Return a point of the plane, valence to the right and arousal upwards."""
    return {"x": round(100 * valence, 1), "y": round(100 * (1 - arousal), 1)}


def apart(points: Sequence[dict[str, float]]) -> list[dict[str, float]]:
    """Return points of which none covers another: those that would are pushed apart, the others stay.

    Songs of one mood lie close together, and dots on top of each other tell nothing. In each turn every point moves by
    half of what it lacks to each that is too close. The same points always give the same.
    """
    # Two that lie in one place have no direction from each other: a spiral too small to see gives them one.
    placed = [
        (each["x"] + 1e-3 * turn * math.cos(turn * _GOLDEN), each["y"] + 1e-3 * turn * math.sin(turn * _GOLDEN))
        for turn, each in enumerate(points)
    ]
    for _ in range(_ROUNDS):
        pushes = [_push(index, placed) for index in range(len(placed))]
        if not any(x or y for x, y in pushes):
            break
        placed = [(_inside(a[0] + b[0]), _inside(a[1] + b[1])) for a, b in zip(placed, pushes, strict=True)]
    return [{"x": round(x, 1), "y": round(y, 1)} for x, y in placed]


def _push(index: int, placed: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """Return how far a point moves away from those that are too close to it."""
    x, y = placed[index]
    across = down = 0.0
    for other, (x2, y2) in enumerate(placed):
        distance = math.hypot(x - x2, y - y2)
        # A little is let pass, so that rounding does not keep a pair busy for ever.
        if other != index and distance < DOT - 0.05:
            share = (DOT - distance) / 2 / max(distance, 1e-6)
            across, down = across + share * (x - x2), down + share * (y - y2)
    return across / 2, down / 2


def _inside(value: float) -> float:
    return min(max(value, 0.0), 100.0)
