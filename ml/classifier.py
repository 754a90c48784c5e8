"""Read expressions: from 48x48 grey faces to calibrated probabilities."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from PIL import Image

from ml import artifacts
from ml.calibration import softmax
from ml.conversion import HEADS, INPUT, to_onnx
from ml.onnx_runtime import session
from ml.quality import SURE_CONFIDENCE
from ml.types import EMOTIONS, FER_LABELS

Network: TypeAlias = Callable[[npt.NDArray[np.float32]], Mapping[str, Any]]
"""Turn faces, float32 (n, height, width, 1), into logits "emotion" (n, 8) and "original" (n, 7)."""

CLEAR_MARGIN = 1.5
"""How far the first emotion's logit stands above the second's where one look is enough. `python -m ml ablate` has
the figures of always looking once, and of always looking again."""
ENLARGED = 52 / 48
"""How much larger a face is when it is looked at again. Training zooms in as often as out, and what is zoomed in weighs
more: a network then reads best what is a little larger than its training pictures were (Touvron et al. 2019,
arXiv:1906.06423). Chosen on held-out Training rows."""


def served(model: Path, threads: int = 0) -> Network:
    """Return a saved network, a `model.keras`, run by ONNX Runtime; `threads` 0 means one a core.

    Raises ArtifactError when the file holds anything but a network of this project.
    """
    runnable = session(to_onnx(model), threads)

    def network(faces: npt.NDArray[np.float32]) -> Mapping[str, Any]:
        return dict(zip(HEADS, runnable.run(list(HEADS), {INPUT: faces.transpose(0, 3, 1, 2)}), strict=True))

    return network


def logits_of(
    network: Network, faces: npt.NDArray[np.uint8], batch_size: int = 128
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Return the raw outputs (n, 8) and (n, 7) of grey faces, uint8 (n, height, width).

    Faces that are not clear at first sight get the average over four looks: as they are, a little enlarged, and the
    mirror images of both (see `views`). Serving, measuring and calibration all read faces by this function.
    """
    emotion = np.empty((len(faces), len(EMOTIONS)), np.float32)
    original = np.empty((len(faces), len(FER_LABELS)), np.float32)
    for start in range(0, len(faces), batch_size):
        rows = slice(start, start + batch_size)
        outputs = look(network, faces[rows])
        best = np.sort(outputs[0], axis=1)
        unclear = best[:, -1] - best[:, -2] < CLEAR_MARGIN
        if unclear.any():
            _, *others = views(faces[rows][unclear])
            looks = [look(network, view) for view in others]
            for logits, *again in zip(outputs, *looks, strict=True):
                logits[unclear] = (logits[unclear] + sum(again)) / (1 + len(looks))
        emotion[rows], original[rows] = outputs
    return emotion, original


def look(network: Network, faces: npt.NDArray[np.uint8]) -> list[npt.NDArray[np.float32]]:
    """Return what a network says of faces, uint8 (n, height, width), at one look: one array for each of HEADS."""
    outputs = network(np.ascontiguousarray(faces).astype(np.float32)[..., None])
    return [np.array(outputs[head]) for head in HEADS]


def views(faces: npt.NDArray[np.uint8]) -> tuple[npt.NDArray[np.uint8], ...]:
    """Return square faces, uint8 (n, side, side), as they are, mirrored, at ENLARGED times their size, and both."""
    side = round(faces.shape[1] * ENLARGED)
    large = np.array(
        [Image.fromarray(face).resize((side, side), Image.Resampling.BILINEAR) for face in faces], np.uint8
    )
    return faces, faces[:, :, ::-1], large, large[:, :, ::-1]


class Classifier:
    """Hold a network with its temperatures. One per process: loading takes a second, reading milliseconds.

    `sure_confidence` is the confidence from which its readings may be stated plainly, `faults` by how much the
    temperature rises for each fault of a picture.
    """

    def __init__(
        self,
        network: Network,
        temperatures: Mapping[str, float],
        version: str,
        sure_confidence: float = SURE_CONFIDENCE,
        faults: Mapping[str, float] | None = None,
    ) -> None:
        self.network, self.temperatures, self.version = network, temperatures, version
        self.sure_confidence, self.faults = sure_confidence, faults or {}

    @classmethod
    def load(cls, folder: Path = artifacts.DEFAULT, threads: int = 0) -> Classifier:
        """Load a checked artifact. Raises ArtifactError."""
        artifact = artifacts.check(folder)
        card = artifact.card
        enough = card.get("sure", {}).get("confidence", SURE_CONFIDENCE)
        network = served(folder / "model.keras", threads)
        return cls(network, card["temperatures"], artifact.version, enough, card.get("faults"))

    def probabilities(
        self, faces: npt.NDArray[np.uint8], doubts: Sequence[float] | None = None
    ) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Return calibrated probabilities (n, 8) and (n, 7) of grey faces, uint8 (n, 48, 48).

        `doubts` (n,) multiply the temperature of each face, see `quality.doubt`.
        """
        emotion, original = logits_of(self.network, faces)
        if doubts is not None:
            divisor = np.asarray(doubts, np.float32)[:, None]
            emotion, original = emotion / divisor, original / divisor
        return softmax(emotion, self.temperatures["emotion"]), softmax(original, self.temperatures["original"])
