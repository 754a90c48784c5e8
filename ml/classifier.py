"""Read expressions: from 48x48 grey faces to calibrated probabilities."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from ml import artifacts
from ml.calibration import softmax
from ml.quality import SURE_CONFIDENCE

Network: TypeAlias = Callable[[npt.NDArray[np.float32]], Mapping[str, Any]]
"""Turn faces, float32 (n, height, width, 1), into logits "emotion" (n, 8) and "original" (n, 7)."""


def compiled(model: keras.Model) -> Network:
    """Return a model's inference as one graph function for any number and size of faces.

    Called layer by layer, the same network takes several times as long on a single face.
    """
    faces = tf.TensorSpec([None, None, None, 1], tf.float32)
    graph = tf.function(partial(model, training=False), input_signature=[faces])
    graph.get_concrete_function()  # now, so that the first face does not wait for it
    network: Network = graph
    return network


def logits_of(
    network: Network, faces: npt.NDArray[np.uint8], batch_size: int = 256
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Return the raw outputs (n, 8) and (n, 7), averaged over each face and its mirror image."""
    emotion: list[npt.NDArray[np.float32]] = []
    original: list[npt.NDArray[np.float32]] = []
    for start in range(0, len(faces), batch_size):
        upright = faces[start : start + batch_size].astype(np.float32)[..., None]
        outputs = network(np.concatenate([upright, upright[:, :, ::-1]]))
        for kept, name in ((emotion, "emotion"), (original, "original")):
            logits = np.asarray(outputs[name])
            kept.append((logits[: len(upright)] + logits[len(upright) :]) / 2)
    if not emotion:
        return np.empty((0, 8), np.float32), np.empty((0, 7), np.float32)
    return np.concatenate(emotion), np.concatenate(original)


class Classifier:
    """Hold a loaded network with its temperatures. One per process: loading costs seconds, reading milliseconds.

    `sure_confidence` is the confidence from which its readings may be stated plainly.
    """

    def __init__(
        self,
        model: keras.Model,
        temperatures: Mapping[str, float],
        version: str,
        sure_confidence: float = SURE_CONFIDENCE,
    ) -> None:
        self.network, self.temperatures, self.version = compiled(model), temperatures, version
        self.sure_confidence = sure_confidence

    @classmethod
    def load(cls, folder: Path = artifacts.DEFAULT) -> Classifier:
        """Load a checked artifact. Raises ArtifactError."""
        artifact, model = artifacts.load(folder)
        enough = artifact.card.get("sure", {}).get("confidence", SURE_CONFIDENCE)
        return cls(model, artifact.card["temperatures"], artifact.version, enough)

    def probabilities(self, faces: npt.NDArray[np.uint8]) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Return calibrated probabilities (n, 8) and (n, 7) of grey faces, uint8 (n, 48, 48)."""
        emotion, original = logits_of(self.network, faces)
        return softmax(emotion, self.temperatures["emotion"]), softmax(original, self.temperatures["original"])
