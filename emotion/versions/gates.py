"""Say what a promotion asks for: bounds on how much worse than the active version a candidate may be measured.

Plain numbers. Both evaluations come from one measurement of both versions on the same rows (see `evaluating`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

MACRO_F1_LOSS = 0.01
RECALL_LOSS = 0.05
ECE_GAIN = 0.01
LATENCY_GAIN = 0.20
FEW_ROWS = 20
"""With fewer rows in a class, one face more or less moves its recall by more than RECALL_LOSS: two may be lost."""
PROTOCOL = "FER+8"
_ROUNDING = 1e-9
"""What binary fractions may add to a difference that is exactly the bound."""


@dataclass(frozen=True, slots=True)
class Gate:
    """Hold one condition: what was measured, how far it may go, whether it holds.

    `measured` and `active` are the candidate's and the active version's figures, `bound` the worst that passes; None
    where there is nothing to measure. `rows` counts the rows behind it, 0 where it is not about rows.
    """

    name: str
    measured: float | None
    active: float | None
    bound: float | None
    passed: bool
    rows: int = 0


def gates(candidate: Mapping[str, Any], active: Mapping[str, Any]) -> list[Gate]:
    """Return every gate of a candidate's evaluation against the active version's, by data set, latency last.

    Only data sets in both count. Having none in common is a failed gate, and so is a latency that was not measured.
    """
    common = [name for name in candidate.get("sets", {}) if name in active.get("sets", {})]
    found = [
        gate
        for name in common
        for gate in _set_gates(
            name, candidate["sets"][name]["reports"][PROTOCOL], active["sets"][name]["reports"][PROTOCOL]
        )
    ]
    if not common:
        found.append(Gate("measured on the same rows as the active version", None, None, None, passed=False))
    return [*found, _latency(candidate.get("latency_ms"), active.get("latency_ms"))]


def _set_gates(name: str, ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> Iterator[Gate]:
    rows = int(ours["n"])
    yield _at_least(f"{name}: macro-F1", ours["macro_f1"], theirs["macro_f1"], MACRO_F1_LOSS, rows)
    for number, emotion in enumerate(ours["classes"]):
        count = int(sum(ours["confusion"][number]))
        mine, other = ours["recall"][emotion], theirs["recall"].get(emotion)
        if not count or mine is None or other is None:
            continue
        loss = RECALL_LOSS if count >= FEW_ROWS else max(RECALL_LOSS, 2 / count)
        yield _at_least(f"{name}: recall of {emotion}", mine, other, loss, count)
    yield _at_most(f"{name}: calibration error", ours["ece"], theirs["ece"], theirs["ece"] + ECE_GAIN, rows)


def _latency(ours: float | None, theirs: float | None) -> Gate:
    if ours is None or theirs is None:
        return Gate("milliseconds for one face", ours, theirs, None, passed=False)
    return _at_most("milliseconds for one face", ours, theirs, theirs * (1 + LATENCY_GAIN))


def _at_least(name: str, measured: float, active: float, loss: float, rows: int) -> Gate:
    bound = active - loss
    return Gate(name, measured, active, bound, measured >= bound - _ROUNDING, rows)


def _at_most(name: str, measured: float, active: float, bound: float, rows: int = 0) -> Gate:
    return Gate(name, measured, active, bound, measured <= bound + _ROUNDING, rows)
