"""Say what each lever gives: the network read with less, and the networks of other runs, on the same rows.

Every line is a network that was trained, measured now on the same test rows; nothing is taken from another card but how
its run was configured.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from ml import artifacts, evaluation
from ml.artifacts import Artifact
from ml.calibration import softmax
from ml.classifier import Classifier, look, views
from ml.conversion import HEADS
from ml.datasets import FerRows
from ml.training import completed

Floats: TypeAlias = npt.NDArray[np.float64]
Faces: TypeAlias = npt.NDArray[np.uint8]
_BATCH = 128


@dataclass(frozen=True, slots=True)
class _Variant:
    """Read faces in another way than the classifier does: see `evaluation.Predictor`."""

    read: Callable[[Faces], tuple[Floats, Floats]]
    sure_confidence: float

    def probabilities(self, faces: Faces) -> tuple[Floats, Floats]:
        """Return (n, 8) and (n, 7)."""
        return self.read(faces)


def measure(folder: Path, others: Sequence[Path], rows: FerRows) -> list[dict[str, Any]]:
    """Measure an artifact, ways of reading with less, and the artifacts of other runs on rows with votes and labels.

    Returns a line each: `what` in words, `version`, `parameters`, `epochs` and the figures of FER+8 and FER2013-7.
    Raises ArtifactError.
    """
    artifact, classifier = artifacts.check(folder), Classifier.load(folder)
    ways = {
        "as it ships": classifier.probabilities,
        "looking once": _reading(classifier, looks=1),
        "looking twice, the mirror image too": _reading(classifier, looks=2),
        "always looking four times": _reading(classifier, looks=4),
        "the same without the fitted temperatures": _reading(classifier, looks=4, calibrated=False),
    }
    lines = [_line(what, artifact, _Variant(read, classifier.sure_confidence), rows) for what, read in ways.items()]
    for other in others:
        run = artifacts.check(other)
        what = differences(completed(artifact.card.get("config", {})), completed(run.card.get("config", {})))
        lines.append(_line(what, run, Classifier.load(other), rows))
    return lines


def _reading(
    classifier: Classifier, *, looks: int, calibrated: bool = True
) -> Callable[[Faces], tuple[Floats, Floats]]:
    def read(faces: Faces) -> tuple[Floats, Floats]:
        parts: dict[str, list[npt.NDArray[np.float32]]] = {head: [] for head in HEADS}
        for start in range(0, len(faces), _BATCH):
            seen = [look(classifier.network, view) for view in views(faces[start : start + _BATCH])[:looks]]
            for head, *outputs in zip(HEADS, *seen, strict=True):
                parts[head].append(sum(outputs) / looks)
        emotion, original = (
            softmax(np.concatenate(parts[head]), classifier.temperatures[head] if calibrated else 1.0)
            for head in ("emotion", "original")
        )
        return emotion, original

    return read


def _line(what: str, artifact: Artifact, predictor: evaluation.Predictor, rows: FerRows) -> dict[str, Any]:
    reports = evaluation.measure(predictor, rows).reports
    plus, original = reports["FER+8"], reports["FER2013-7"]
    card = artifact.card
    return {
        "what": what,
        "version": artifact.version,
        "parameters": card.get("parameters"),
        "epochs": len(card.get("history", [])),
        "fer_plus_8": plus.accuracy,
        "macro_f1": plus.macro_f1,
        "ece": plus.ece,
        "fer2013_7": original.accuracy,
    }


def differences(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> str:
    """Return in words how another run was configured differently from ours."""
    one, other = _flat(ours), _flat(theirs)
    found = [f"{name} {_words(other.get(name))}" for name in sorted(one | other) if one.get(name) != other.get(name)]
    return "; ".join(found) or "another run of the same configuration"


def _flat(config: Mapping[str, Any], before: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in config.items():
        flat |= _flat(value, f"{name}.") if isinstance(value, Mapping) else {f"{before}{name}": value}
    return flat


def _words(value: Any) -> str:
    if isinstance(value, list):
        return ",".join("x".join(map(str, part)) if isinstance(part, list) else str(part) for part in value)
    return "none" if value is None else str(value)
