"""Read the expressions of all faces in a photo: detect, align, classify, judge.

Loading takes a second and some hundred megabytes, so a process loads one pipeline, when it first needs it.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from time import perf_counter

import numpy as np
import numpy.typing as npt
from PIL import Image

from ml import artifacts
from ml.affect import affect
from ml.alignment import FACE_SIDE, grey_face
from ml.classifier import Classifier
from ml.detection import Detector, MtcnnDetector
from ml.quality import assess, doubt, is_sure
from ml.types import EMOTIONS, FaceReading, PictureReading, Quality, Reading


class Pipeline:
    """Join a detector and a classifier."""

    def __init__(self, detector: Detector, classifier: Classifier) -> None:
        self.detector, self.classifier = detector, classifier

    @classmethod
    def load(cls, artifact_folder: Path = artifacts.DEFAULT, threads: int = 0) -> Pipeline:
        """Load MTCNN and a checked artifact; `threads` 0 means one a core. Raises ArtifactError."""
        return cls(MtcnnDetector(threads), Classifier.load(artifact_folder, threads))

    def read(self, image: Image.Image) -> PictureReading:
        """Return what can be read in an upright RGB picture, largest face first; no face is an empty answer.

        `milliseconds` has the keys detect, align, classify and total.
        """
        times = [perf_counter()]
        found = self.detector.detect(image)
        times.append(perf_counter())
        faces = [grey_face(image, detection.landmarks) for detection in found]
        qualities = [assess(face, detection, len(found)) for face, detection in zip(faces, found, strict=True)]
        times.append(perf_counter())
        readings = self._classify(faces, qualities)
        times.append(perf_counter())
        spent = [1000 * (end - start) for start, end in pairwise(times)]
        milliseconds = dict(zip(("detect", "align", "classify"), spent, strict=True)) | {"total": sum(spent)}
        together = tuple(FaceReading(*parts) for parts in zip(found, qualities, readings, strict=True))
        return PictureReading(image.width, image.height, together, milliseconds)

    def _classify(self, faces: Sequence[npt.NDArray[np.uint8]], qualities: Sequence[Quality]) -> list[Reading]:
        stacked = np.array(faces, np.uint8).reshape(-1, FACE_SIDE, FACE_SIDE)
        doubts = [doubt(quality.advice, self.classifier.faults) for quality in qualities]
        probabilities, _ = self.classifier.probabilities(stacked, doubts)
        return [self._reading(row, quality) for row, quality in zip(probabilities, qualities, strict=True)]

    def _reading(self, probabilities: npt.NDArray[np.float64], quality: Quality) -> Reading:
        scores = dict(zip(EMOTIONS, probabilities.tolist(), strict=True))
        dominant = EMOTIONS[int(probabilities.argmax())]
        place = affect(scores)
        return Reading(
            scores=scores,
            dominant=dominant,
            confidence=scores[dominant],
            valence=place.valence,
            arousal=place.arousal,
            valence_sd=place.valence_sd,
            arousal_sd=place.arousal_sd,
            sure=is_sure(scores[dominant], quality, self.classifier.sure_confidence),
            model_version=self.classifier.version,
        )
