"""The vocabulary of the vision code: emotions, boxes, detections, readings.

Everything here is a frozen value that crosses a layer. Coordinates are pixels of the upright
picture, x to the right and y down; scores are probabilities that sum to one.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Emotion(StrEnum):
    """Name the eight expressions of the FER+ label set, in the order of the network's outputs.

    Source: Barsoum et al. 2016, "Training deep networks for facial expression recognition with
    crowd-sourced label distribution" (arXiv:1608.01041).
    """

    NEUTRAL = "neutral"
    HAPPINESS = "happiness"
    SURPRISE = "surprise"
    SADNESS = "sadness"
    ANGER = "anger"
    DISGUST = "disgust"
    FEAR = "fear"
    CONTEMPT = "contempt"


EMOTIONS: tuple[Emotion, ...] = tuple(Emotion)
"""The order of every score vector in this project."""


class FerLabel(StrEnum):
    """Name the seven original FER2013 labels, in the order of the data set's class numbers.

    Source: Goodfellow et al. 2013, "Challenges in representation learning" (arXiv:1307.0414).
    """

    ANGRY = "angry"
    DISGUST = "disgust"
    FEAR = "fear"
    HAPPY = "happy"
    SAD = "sad"
    SURPRISE = "surprise"
    NEUTRAL = "neutral"


FER_LABELS: tuple[FerLabel, ...] = tuple(FerLabel)
"""The order of the second head's score vector: the class numbers of fer2013.csv."""


class Advice(StrEnum):
    """Name what a person can change to be read better. The values are stable message ids."""

    DARK = "dark"
    BRIGHT = "bright"
    BLURRED = "blurred"
    SMALL_FACE = "small_face"
    TURNED_AWAY = "turned_away"
    SEVERAL_FACES = "several_faces"


@dataclass(frozen=True, slots=True)
class Box:
    """Bound a face: left edge, top edge, width and height. It may reach beyond the picture."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Landmarks:
    """Mark five points of a face. Left and right are the picture's, not the person's."""

    left_eye: tuple[float, float]
    right_eye: tuple[float, float]
    nose: tuple[float, float]
    mouth_left: tuple[float, float]
    mouth_right: tuple[float, float]


@dataclass(frozen=True, slots=True)
class FaceDetection:
    """Hold one found face; `confidence` is the detector's, 0 to 1."""

    box: Box
    landmarks: Landmarks
    confidence: float


@dataclass(frozen=True, slots=True)
class Quality:
    """Measure how well a face can be read; `quality.py` says how and where the limits lie.

    brightness: mean grey of the face, 0 to 255. sharpness: see `quality.sharpness`, 0 is flat.
    face_size: shorter side of the box in pixels of the original picture.
    roll and yaw: degrees estimated from landmarks; positive roll is clockwise in the picture,
    positive yaw turns the nose to the right of the picture.
    """

    brightness: float
    sharpness: float
    face_size: float
    roll: float
    yaw: float
    advice: tuple[Advice, ...]


@dataclass(frozen=True, slots=True)
class Affect:
    """Place a distribution over emotions on the circumplex, 0 to 1 each, with standard deviations."""

    valence: float
    arousal: float
    valence_sd: float
    arousal_sd: float


@dataclass(frozen=True, slots=True)
class Reading:
    """Hold what the network reads in one face.

    `scores` are calibrated; `confidence` is the score of `dominant`. `sure` is false when the reading
    must not be shown as a plain statement, see `quality.is_sure`.
    """

    scores: dict[Emotion, float]
    dominant: Emotion
    confidence: float
    valence: float
    arousal: float
    valence_sd: float
    arousal_sd: float
    sure: bool
    model_version: str


@dataclass(frozen=True, slots=True)
class FaceReading:
    """Join what was found, how good it is and what was read."""

    detection: FaceDetection
    quality: Quality
    reading: Reading


@dataclass(frozen=True, slots=True)
class PictureReading:
    """Hold all faces of one picture, largest first, and the milliseconds that each stage took."""

    width: int
    height: int
    faces: tuple[FaceReading, ...]
    milliseconds: dict[str, float]
