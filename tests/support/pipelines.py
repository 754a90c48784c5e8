"""A vision pipeline that says what a test tells it to say."""

from __future__ import annotations

from collections.abc import Callable

from PIL import Image

from ml.affect import affect
from ml.types import EMOTIONS, Box, Emotion, FaceDetection, FaceReading, Landmarks, PictureReading, Quality, Reading


def face(
    emotion: Emotion = Emotion.HAPPINESS,
    *,
    confidence: float = 0.86,
    brightness: float = 120.0,
    face_size: float = 100.0,
    advice: tuple = (),
    sure: bool = True,
    x: float = 60.0,
    version: str = "scripted-1",
) -> FaceReading:
    """Return the reading of one face."""
    rest = (1 - confidence) / (len(EMOTIONS) - 1)
    scores = {e: confidence if e is emotion else rest for e in EMOTIONS}
    place = affect(scores)
    return FaceReading(
        FaceDetection(
            Box(x, 40, face_size, face_size * 1.2),
            Landmarks((x + 30, 80), (x + 70, 80), (x + 50, 100), (x + 35, 125), (x + 65, 125)),
            0.99,
        ),
        Quality(brightness, 300.0, face_size, 0.0, 0.0, advice),
        Reading(
            scores, emotion, confidence, place.valence, place.arousal, place.valence_sd, place.arousal_sd, sure, version
        ),
    )


class ScriptedPipeline:
    """Answer every picture with the same faces, or run a function first."""

    def __init__(self, *faces: FaceReading, before: Callable[[], None] | None = None) -> None:
        self.faces, self.before, self.calls = faces, before, 0

    def read(self, image: Image.Image) -> PictureReading:
        """Return the faces that were scripted."""
        self.calls += 1
        if self.before:
            self.before()
        return PictureReading(image.width, image.height, self.faces, {"total": 1.0})
