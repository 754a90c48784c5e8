"""Measure a classifier on FER2013 under the written protocols. Pure numbers: the network is passed in as a function."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from ml.datasets import FerRows, near_duplicates, single_highest
from ml.types import EMOTIONS, FER_LABELS

ECE_BINS = 15


class Predictor(Protocol):
    """Turn faces, uint8 (n, 48, 48), into calibrated probabilities of both heads."""

    def probabilities(self, faces: npt.NDArray[np.uint8]) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Return (n, 8) in the order of EMOTIONS and (n, 7) in the order of FER_LABELS."""
        ...


@dataclass(frozen=True, slots=True)
class Report:
    """Hold the figures of one protocol. `confusion[i][j]` counts rows of class i read as class j."""

    n: int
    accuracy: float
    macro_f1: float
    recall: dict[str, float | None]
    ece: float
    confusion: list[list[int]]
    classes: list[str]

    def as_dict(self) -> dict[str, object]:
        """Return the report as JSON-ready values."""
        return asdict(self)


def expected_calibration_error(
    confidence: npt.NDArray[np.float64], correct: npt.NDArray[np.bool_], bins: int = ECE_BINS
) -> float:
    """Return the ECE over equal-width bins (Guo et al. 2017, arXiv:1706.04599), 0 for no rows."""
    if not len(confidence):
        return 0.0
    which = np.clip(np.ceil(confidence * bins).astype(int) - 1, 0, bins - 1)
    gap = 0.0
    for b in range(bins):
        inside = which == b
        if inside.any():
            gap += inside.mean() * abs(correct[inside].mean() - confidence[inside].mean())
    return float(gap)


def report(probabilities: npt.NDArray[np.float64], truth: npt.NDArray[np.intp], classes: tuple[str, ...]) -> Report:
    """Score probabilities (n, k) against class numbers (n,). A class without rows has recall None.

    Macro-F1 averages over the classes that occur in the truth.
    """
    k = len(classes)
    prediction = probabilities[:, :k].argmax(axis=1)
    confusion = np.zeros((k, k), int)
    np.add.at(confusion, (truth, prediction), 1)
    hits, actual, predicted = np.diag(confusion), confusion.sum(axis=1), confusion.sum(axis=0)
    f1 = 2 * hits / np.maximum(actual + predicted, 1)
    correct = prediction == truth
    return Report(
        n=len(truth),
        accuracy=float(correct.mean()) if len(truth) else 0.0,
        macro_f1=float(f1[actual > 0].mean()) if len(truth) else 0.0,
        recall={str(c): (float(hits[i] / actual[i]) if actual[i] else None) for i, c in enumerate(classes)},
        ece=expected_calibration_error(probabilities.max(axis=1), correct),
        confusion=confusion.tolist(),
        classes=[str(c) for c in classes],
    )


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Hold the reports of one usage by protocol: of all rows, and of those that Training does not show as well.

    `unseen` is None where repetition of Training rows has no meaning, that is for Training itself.
    """

    rows: int
    reports: dict[str, Report]
    near_duplicates: int
    unseen: dict[str, Report] | None

    def as_dict(self) -> dict[str, Any]:
        """Return the evaluation as JSON-ready values."""
        unseen = None if self.unseen is None else {name: part.as_dict() for name, part in self.unseen.items()}
        return {
            "rows": self.rows,
            "reports": {name: part.as_dict() for name, part in self.reports.items()},
            "near_duplicates_of_training": self.near_duplicates,
            "without_near_duplicates": unseen,
        }


def repeats(images: npt.NDArray[np.uint8], training: npt.NDArray[np.uint8]) -> npt.NDArray[np.bool_]:
    """Return a mask (n,) of the pictures that stand again, or nearly, among the Training pictures."""
    mask = np.zeros(len(images), bool)
    mask[[row for row, _ in near_duplicates(images, training)]] = True
    return mask


def measure(predictor: Predictor, rows: FerRows, repeated: npt.NDArray[np.bool_] | None = None) -> Evaluation:
    """Evaluate a predictor on rows of one usage, with and without the rows that the mask `repeated` marks.

    Raises ValueError when there are no rows.
    """
    if not len(rows):
        raise ValueError("there are no rows to evaluate on")
    emotion, original = predictor.probabilities(rows.images)
    reports = _reports(emotion, original, rows)
    if repeated is None:
        return Evaluation(len(rows), reports, 0, None)
    fresh = ~repeated
    unseen = _reports(emotion[fresh], original[fresh], rows.take(fresh))
    return Evaluation(len(rows), reports, int(repeated.sum()), unseen)


def _reports(emotion: npt.NDArray[np.float64], original: npt.NDArray[np.float64], rows: FerRows) -> dict[str, Report]:
    reports: dict[str, Report] = {}
    for name, count in (("FER+8", 8), ("FER+7", 7)):
        chosen, winner = single_highest(rows.votes, count)
        scores = emotion[chosen][:, :count]
        scores = scores / scores.sum(axis=1, keepdims=True)
        reports[name] = report(scores, winner[chosen], EMOTIONS[:count])
    reports["FER2013-7"] = report(original, rows.labels.astype(np.intp), FER_LABELS)
    return reports
