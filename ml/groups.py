"""Measure a classifier for each group of people, for those who have labels: FER2013 itself has none.

Every figure comes with a 95 % interval: Wilson's for shares (Wilson 1927), a percentile bootstrap for the others.
"""

from __future__ import annotations

import csv
from math import sqrt
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ml.datasets import FerRows
from ml.errors import DatasetError
from ml.evaluation import Predictor, protocols, report

RESAMPLES = 1000
_Z = 1.959964


def load(path: Path, count: int) -> list[str]:
    """Read a CSV file with the columns row (a number from 0 to count - 1) and group.

    Returns the group of every row; "" for rows that the file does not name. Raises DatasetError.
    """
    members = [""] * count
    try:
        with path.open(newline="", encoding="utf-8") as file:
            reader = csv.DictReader(file)
            if not {"row", "group"} <= set(reader.fieldnames or ()):
                raise DatasetError(f"{path.name} needs the columns row and group")
            for line, entry in enumerate(reader, start=2):
                row, group = int(entry["row"]), (entry["group"] or "").strip()
                if not 0 <= row < count or not group or members[row]:
                    raise DatasetError(
                        f"{path.name}, line {line}: a row from 0 to {count - 1}, once, and a group's name"
                    )
                members[row] = group
    except (OSError, ValueError, TypeError, csv.Error) as error:
        raise DatasetError(f"cannot read {path}: {error}") from error
    if not any(members):
        raise DatasetError(f"{path.name} names no row")
    return members


def wilson(hits: int, n: int) -> tuple[float, float]:
    """Return the 95 % interval of a share: hits of n. Raises ValueError when n is 0."""
    if n < 1:
        raise ValueError("a share of nothing has no interval")
    share, z2 = hits / n, _Z**2
    middle = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = _Z * sqrt(share * (1 - share) / n + z2 / (4 * n**2)) / (1 + z2 / n)
    return max(0.0, middle - half), min(1.0, middle + half)


def measure(predictor: Predictor, rows: FerRows, members: list[str], seed: int = 7) -> dict[str, list[dict[str, Any]]]:
    """Return the figures of each group by protocol, groups in alphabetical order, rows of no group left out.

    A figure is {"value", "low", "high"}; a class without rows in a group has no recall.
    """
    emotion, original = predictor.probabilities(rows.images)
    answers: dict[str, list[dict[str, Any]]] = {}
    for name, scores, chosen, truth, classes in protocols(emotion, original, rows):
        theirs = np.array(members)[chosen]
        answers[name] = [
            {"group": group, **_figures(scores[theirs == group], truth[theirs == group], classes, seed)}
            for group in sorted(set(members) - {""})
            if (theirs == group).any()
        ]
    return answers


def _figures(
    scores: npt.NDArray[np.float64], truth: npt.NDArray[np.intp], classes: tuple[str, ...], seed: int
) -> dict[str, Any]:
    whole = report(scores, truth, classes)
    rng = np.random.default_rng(seed)
    drawn = [rng.integers(0, len(truth), len(truth)) for _ in range(RESAMPLES)]
    again = [report(scores[rows], truth[rows], classes) for rows in drawn]
    hits, rows_of = np.diag(whole.confusion), np.sum(whole.confusion, axis=1)
    return {
        "n": whole.n,
        "accuracy": _share(int(hits.sum()), whole.n),
        "macro_f1": _bootstrap(whole.macro_f1, [part.macro_f1 for part in again]),
        "ece": _bootstrap(whole.ece, [part.ece for part in again]),
        "recall": {
            str(name): _share(int(hits[i]), int(rows_of[i])) for i, name in enumerate(classes) if rows_of[i]
        },
    }  # fmt: skip


def _share(hits: int, n: int) -> dict[str, float]:
    low, high = wilson(hits, n)
    return {"value": hits / n, "low": low, "high": high}


def _bootstrap(value: float, again: list[float]) -> dict[str, float]:
    low, high = np.quantile(again, [0.025, 0.975])
    return {"value": value, "low": float(low), "high": float(high)}
