"""Read expressions: from 48x48 grey faces to calibrated probabilities."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import numpy.typing as npt

from ml import artifacts
from ml.calibration import softmax


def logits_of(
    model: keras.Model, faces: npt.NDArray[np.uint8], batch_size: int = 256
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Return the raw outputs (n, 8) and (n, 7), averaged over each face and its mirror image."""
    emotion, original = [], []
    for start in range(0, len(faces), batch_size):
        upright = faces[start : start + batch_size].astype(np.float32)[..., None]
        both = np.concatenate([upright, upright[:, :, ::-1]])
        outputs = model(both, training=False)
        for kept, name in ((emotion, "emotion"), (original, "original")):
            logits = np.asarray(outputs[name])
            kept.append((logits[: len(upright)] + logits[len(upright) :]) / 2)
    if not emotion:
        return np.empty((0, 8), np.float32), np.empty((0, 7), np.float32)
    return np.concatenate(emotion), np.concatenate(original)


class Classifier:
    """Hold a loaded network with its temperatures. One per process: loading costs seconds, reading milliseconds."""

    def __init__(self, model: keras.Model, temperatures: dict[str, float], version: str) -> None:
        self.model, self.temperatures, self.version = model, temperatures, version

    @classmethod
    def load(cls, folder: Path = artifacts.DEFAULT) -> Classifier:
        """Load a checked artifact. Raises ArtifactError."""
        artifact, model = artifacts.load(folder)
        return cls(model, artifact.card["temperatures"], artifact.version)

    def probabilities(self, faces: npt.NDArray[np.uint8]) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Return calibrated probabilities (n, 8) and (n, 7) of grey faces, uint8 (n, 48, 48)."""
        emotion, original = logits_of(self.model, faces)
        return softmax(emotion, self.temperatures["emotion"]), softmax(original, self.temperatures["original"])
