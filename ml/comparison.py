"""Hold classifiers against each other: on the same rows, in one process, so that both meet the same load.

The figures of each are those of `evaluation` and `robustness`; what only a comparison can tell is added: on which faces
two disagree, and how long each takes when they are timed in turn.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from time import perf_counter
from typing import Any

import numpy as np
import numpy.typing as npt

from ml import evaluation, robustness
from ml.alignment import FACE_SIDE
from ml.datasets import FerRows, single_highest
from ml.evaluation import Predictor
from ml.types import EMOTIONS

ROBUSTNESS_ROWS = 600
"""Rows that are spoiled in every way: sixteen ways make as many readings as a dozen passes over PublicTest would."""
LATENCY_FACES = 200
_WARM = 5


@dataclass(frozen=True, slots=True)
class LabelledSet:
    """Hold rows to measure on. `repeated` marks (n,) those that were trained on, nearly or quite.

    `original` says that the rows carry FER2013's own labels; faces of the site have one word each, and no such label.
    """

    rows: FerRows
    original: bool = True
    repeated: npt.NDArray[np.bool_] | None = None


def labelled_faces(faces: npt.NDArray[np.uint8], truth: npt.NDArray[np.intp]) -> LabelledSet:
    """Return a set of faces, uint8 (n, 48, 48), each with one emotion, (n,) numbers in the order of EMOTIONS."""
    votes = np.zeros((len(faces), len(EMOTIONS) + 2), np.float32)
    votes[np.arange(len(faces)), truth] = 10
    return LabelledSet(FerRows(faces, votes, np.zeros(len(faces), np.int64)), original=False)


class _Remembering:
    """Pass a classifier's answers on and keep the last of them, so that no face is read twice."""

    def __init__(self, predictor: Predictor) -> None:
        self._predictor = predictor
        self.emotion: npt.NDArray[np.float64] = np.empty((0, len(EMOTIONS)))

    @property
    def sure_confidence(self) -> float:
        """Return the classifier's own."""
        return self._predictor.sure_confidence

    def probabilities(self, faces: npt.NDArray[np.uint8]) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Return the classifier's own."""
        self.emotion, original = self._predictor.probabilities(faces)
        return self.emotion, original


def compare(
    predictors: Sequence[Predictor], sets: Mapping[str, LabelledSet]
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Return the figures of each classifier, and for each set where the first two disagree, all JSON-ready.

    The figures have the keys sets, robustness (on the first set, on at most ROBUSTNESS_ROWS of its rows) and
    latency_ms. One classifier alone is measured, too. Raises ValueError for a set without rows.
    """
    documents: list[dict[str, Any]] = [{"sets": {}, "robustness": {}} for _ in predictors]
    together: dict[str, Any] = {}
    for name, labelled in sets.items():
        said = []
        for predictor, document in zip(predictors, documents, strict=True):
            remembering = _Remembering(predictor)
            document["sets"][name] = _measure(remembering, labelled)
            said.append(remembering.emotion)
        if len(said) > 1:
            together[name] = asdict(disagreements(said[0], said[1], labelled.rows))
    if sets:
        name, labelled = next(iter(sets.items()))
        chosen = np.random.default_rng(7).permutation(len(labelled.rows))[:ROBUSTNESS_ROWS]
        for predictor, document in zip(predictors, documents, strict=True):
            document["robustness"] = {"usage": name, **robustness.measure(predictor, labelled.rows.take(chosen))}
    for document, milliseconds in zip(documents, latency(predictors, _faces_to_time(sets)), strict=True):
        document["latency_ms"] = milliseconds
    return documents, together


def _measure(predictor: Predictor, labelled: LabelledSet) -> dict[str, Any]:
    measured = evaluation.measure(predictor, labelled.rows, labelled.repeated).as_dict()
    if not labelled.original:
        measured["reports"] = {"FER+8": measured["reports"]["FER+8"]}
    return measured


@dataclass(frozen=True, slots=True)
class Disagreements:
    """Count what two classifiers say of the same faces: `table[i][j]` rows that are i to the first and j to the second.

    `first_right` and `second_right` count, among the rows with a label on which they disagree, who of them is right.
    """

    n: int
    agreed: int
    first_right: int
    second_right: int
    table: list[list[int]]


def disagreements(first: npt.NDArray[np.float64], second: npt.NDArray[np.float64], rows: FerRows) -> Disagreements:
    """Compare probabilities (n, 8) of the same rows."""
    one, other = first.argmax(axis=1), second.argmax(axis=1)
    table = np.zeros((len(EMOTIONS), len(EMOTIONS)), int)
    np.add.at(table, (one, other), 1)
    labelled, truth = single_highest(rows.votes, len(EMOTIONS))
    differ = labelled & (one != other)
    return Disagreements(
        n=len(one),
        agreed=int((one == other).sum()),
        first_right=int((one == truth)[differ].sum()),
        second_right=int((other == truth)[differ].sum()),
        table=table.tolist(),
    )


def latency(predictors: Sequence[Predictor], faces: npt.NDArray[np.uint8]) -> list[float]:
    """Return the median milliseconds that each takes for one face; they take turns, and turns in going first."""
    spent: list[list[float]] = [[] for _ in predictors]
    for number, face in enumerate(faces):
        turns = list(zip(predictors, spent, strict=True))
        for predictor, times in turns if number % 2 else reversed(turns):
            started = perf_counter()
            predictor.probabilities(face[None])
            times.append(1000 * (perf_counter() - started))
    return [float(np.median(times[_WARM:])) for times in spent]


def _faces_to_time(sets: Mapping[str, LabelledSet]) -> npt.NDArray[np.uint8]:
    """Return the first faces of each set, or noise where there are too few."""
    found = [labelled.rows.images[:LATENCY_FACES] for labelled in sets.values()]
    faces = np.concatenate(found) if found else np.empty((0, FACE_SIDE, FACE_SIDE), np.uint8)
    if len(faces) <= _WARM:
        faces = np.random.default_rng(7).integers(0, 256, (LATENCY_FACES, FACE_SIDE, FACE_SIDE)).astype(np.uint8)
    return faces[:LATENCY_FACES]
