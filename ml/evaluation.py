"""Measure a classifier on FER2013 under the written protocols. Pure numbers: the network is passed in as a function."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from ml.datasets import FerRows, near_duplicates, single_highest
from ml.types import EMOTIONS, FER_LABELS

ECE_BINS = 15


class Predictor(Protocol):
    """Turn faces, uint8 (n, 48, 48), into calibrated probabilities of both heads."""

    @property
    def sure_confidence(self) -> float:
        """Return the confidence from which a reading is sure."""
        ...

    def probabilities(self, faces: npt.NDArray[np.uint8]) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Return (n, 8) in the order of EMOTIONS and (n, 7) in the order of FER_LABELS."""
        ...


@dataclass(frozen=True, slots=True)
class Report:
    """Hold the figures of one protocol. `confusion[i][j]` counts rows of class i read as class j.

    `reliability` has a line for each ECE bin with rows in it: their number, mean confidence and accuracy.
    """

    n: int
    accuracy: float
    macro_f1: float
    recall: dict[str, float | None]
    ece: float
    confusion: list[list[int]]
    classes: list[str]
    reliability: list[tuple[int, float, float]]

    def as_dict(self) -> dict[str, object]:
        """Return the report as JSON-ready values."""
        return asdict(self)


def reliability(
    confidence: npt.NDArray[np.float64], correct: npt.NDArray[np.bool_], bins: int = ECE_BINS
) -> list[tuple[int, float, float]]:
    """Return (rows, mean confidence, accuracy) of each equal-width bin of confidence that is not empty."""
    which = np.clip(np.ceil(confidence * bins).astype(int) - 1, 0, bins - 1)
    inside = [which == b for b in range(bins)]
    return [(int(m.sum()), float(confidence[m].mean()), float(correct[m].mean())) for m in inside if m.any()]


def expected_calibration_error(
    confidence: npt.NDArray[np.float64], correct: npt.NDArray[np.bool_], bins: int = ECE_BINS
) -> float:
    """Return the ECE over equal-width bins (Guo et al. 2017, arXiv:1706.04599), 0 for no rows."""
    gaps = (n * abs(accuracy - mean) for n, mean, accuracy in reliability(confidence, correct, bins))
    return sum(gaps) / max(1, len(confidence))


@dataclass(frozen=True, slots=True)
class Selective:
    """Say what the rule for "not sure" does: of n rows, which share is stated plainly, and how often that is right.

    `accuracy_at_80` is that of the 80 % most confident rows, whatever the rule; `top2_when_not_sure` is how often one
    of the two emotions that a person is then asked to choose from is right. None where no row is left.
    """

    confidence: float
    n: int
    coverage: float
    accuracy_when_sure: float | None
    accuracy_at_80: float
    top2_when_not_sure: float | None


def selective(probabilities: npt.NDArray[np.float64], truth: npt.NDArray[np.intp], confidence: float) -> Selective:
    """Measure the rule that a reading is sure from a confidence on. Raises ValueError when there are no rows."""
    if not len(truth):
        raise ValueError("there are no rows to measure the rule on")
    order = np.argsort(probabilities, axis=1)
    top, second, highest = order[:, -1], order[:, -2], probabilities.max(axis=1)
    right, sure = top == truth, highest >= confidence
    most = np.argsort(-highest, kind="stable")[: max(1, round(0.8 * len(truth)))]
    return Selective(
        confidence=confidence,
        n=len(truth),
        coverage=float(sure.mean()),
        accuracy_when_sure=float(right[sure].mean()) if sure.any() else None,
        accuracy_at_80=float(right[most].mean()),
        top2_when_not_sure=None if sure.all() else float((right | (second == truth))[~sure].mean()),
    )


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
        reliability=reliability(probabilities.max(axis=1), correct),
    )


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Hold the reports of one usage by protocol: of all rows, and of those that Training does not show as well.

    `unseen` is None where repetition of Training rows has no meaning, that is for Training itself.
    `sure` measures the rule for "not sure" on FER+8.
    """

    rows: int
    reports: dict[str, Report]
    near_duplicates: int
    unseen: dict[str, Report] | None
    sure: Selective

    def as_dict(self) -> dict[str, Any]:
        """Return the evaluation as JSON-ready values."""
        unseen = None if self.unseen is None else {name: part.as_dict() for name, part in self.unseen.items()}
        return {
            "rows": self.rows,
            "reports": {name: part.as_dict() for name, part in self.reports.items()},
            "near_duplicates_of_training": self.near_duplicates,
            "without_near_duplicates": unseen,
            "sure": asdict(self.sure),
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
    chosen, winner = single_highest(rows.votes, len(EMOTIONS))
    sure = selective(emotion[chosen], winner[chosen], predictor.sure_confidence)
    if repeated is None:
        return Evaluation(len(rows), reports, 0, None, sure)
    fresh = ~repeated
    unseen = _reports(emotion[fresh], original[fresh], rows.take(fresh))
    return Evaluation(len(rows), reports, int(repeated.sum()), unseen, sure)


def protocols(
    emotion: npt.NDArray[np.float64], original: npt.NDArray[np.float64], rows: FerRows
) -> Iterator[tuple[str, npt.NDArray[np.float64], npt.NDArray[np.bool_], npt.NDArray[np.intp], tuple[str, ...]]]:
    """Yield each protocol: its name, scores (m, k), mask (n,) of the m rows it counts, truth (m,) and classes."""
    for name, count in (("FER+8", 8), ("FER+7", 7)):
        chosen, winner = single_highest(rows.votes, count)
        scores = emotion[chosen][:, :count]
        yield name, scores / scores.sum(axis=1, keepdims=True), chosen, winner[chosen], EMOTIONS[:count]
    yield "FER2013-7", original, np.ones(len(rows), bool), rows.labels.astype(np.intp), FER_LABELS


def _reports(emotion: npt.NDArray[np.float64], original: npt.NDArray[np.float64], rows: FerRows) -> dict[str, Report]:
    parts = protocols(emotion, original, rows)
    return {name: report(scores, truth, classes) for name, scores, _, truth, classes in parts}
