"""Judge whether a face can be read, from what was found: light, sharpness, size and pose.

The limits were set on held-out Training rows of FER2013 (1,529 faces, spoiled step by step, read by a network of
84 % there): a limit stands where a fault costs about six points of accuracy or more, and flags fewer than one in a
hundred of the untouched rows. A network need not notice by itself how often it is wrong beyond a limit: these faults
are measured in the picture, and lower the confidence by what each artifact was measured to need.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import atan, atan2, degrees

import numpy as np
import numpy.typing as npt

from ml.types import Advice, FaceDetection, Landmarks, Quality

DARK_BELOW = 30.0
"""Mean grey. At a median of 39, with a sensor's noise, reading loses 3 points, at 26 6, at 16 13. It lies below what
dark skin has in ordinary light: of all faces, bright or dark, one in two hundred is below 44 as it is."""
BRIGHT_ABOVE = 215.0
"""Mean grey. Light alone costs nothing, but what is burnt out does: 4 points at a median of 182, 25 at 222."""
BLURRED_BELOW = 0.03
"""Sharpness. A Gaussian blur of 1 pixel in the 48x48 face (sharpness .06) costs 3 points, of 1.5 pixels (.02) 15."""
SMALL_FACE_BELOW = 20.0
"""Pixels of the box's shorter side, which spans 38 of the 48 pixels of a face: at 25 pixels 2 points are lost, at 19
pixels 6, at 16 pixels 13."""
TURNED_ABOVE = 35.0
"""Degrees of yaw: beyond it the far half of the face is foreshortened away, and FER2013 holds few such faces."""
NOSE_LENGTH = 0.55
"""How far the tip of a nose stands before the eyes, as a share of the distance between them: about 35 of 63 mm."""

SURE_CONFIDENCE = 0.5
"""Calibrated confidence from which a reading is stated plainly where the artifact names none of its own: one emotion
outweighs all others together."""


def assess(face: npt.NDArray[np.uint8], detection: FaceDetection, faces_in_picture: int) -> Quality:
    """Return the quality of an aligned grey face, uint8 (48, 48), found as `detection`."""
    size = min(detection.box.width, detection.box.height)
    turned_by = yaw(detection.landmarks)
    around = (
        (Advice.SMALL_FACE, size < SMALL_FACE_BELOW),
        (Advice.TURNED_AWAY, abs(turned_by) > TURNED_ABOVE),
        (Advice.SEVERAL_FACES, faces_in_picture > 1),
    )
    advice = faults_seen(face) + tuple(code for code, present in around if present)
    return Quality(float(face.mean()), sharpness(face), size, roll(detection.landmarks), turned_by, advice)


def faults_seen(face: npt.NDArray[np.uint8]) -> tuple[Advice, ...]:
    """Return the faults that show in the pixels of an aligned grey face, uint8 (48, 48)."""
    brightness = float(face.mean())
    faults = (
        (Advice.DARK, brightness < DARK_BELOW),
        (Advice.BRIGHT, brightness > BRIGHT_ABOVE),
        (Advice.BLURRED, sharpness(face) < BLURRED_BELOW),
    )
    return tuple(code for code, present in faults if present)


def doubt(advice: Iterable[Advice], measured: Mapping[str, float]) -> float:
    """Return by how much the temperature rises for what is amiss, at least 1: the scores move together.

    `measured` is what each fault takes (see `measuring.py`). The greatest of the faults counts. What cannot be measured
    on faces that all look ahead, a face turned away or one of several, takes as much as the worst that can.
    """
    worst = max(measured.values(), default=1.0)
    return max((measured.get(code, worst) for code in advice), default=1.0)


def is_sure(confidence: float, quality: Quality, enough: float = SURE_CONFIDENCE) -> bool:
    """Say whether a reading may be stated plainly: its confidence is `enough`, and nothing about the picture is amiss.

    A better picture is worth asking for under every fault; of several faces nobody knows which one is meant.
    """
    return confidence >= enough and not quality.advice


def sharpness(face: npt.NDArray[np.uint8]) -> float:
    """Return the variance of the Laplacian of a face that has been scaled to a deviation of 1.

    Source: Pech-Pacheco et al. 2000, "Diatom autofocusing in brightfield microscopy"; scaled, so that a face of low
    contrast does not count as blurred. Untouched faces have .67 in the median; a flat picture has 0.
    """
    grey = face.astype(np.float64)
    grey = (grey - grey.mean()) / (grey.std() + 1.0)
    around = grey[:-2, 1:-1] + grey[2:, 1:-1] + grey[1:-1, :-2] + grey[1:-1, 2:]
    return float((around - 4 * grey[1:-1, 1:-1]).var())


def roll(landmarks: Landmarks) -> float:
    """Return the angle of the line through the eyes in degrees, positive clockwise in the picture."""
    (left_x, left_y), (right_x, right_y) = landmarks.left_eye, landmarks.right_eye
    return degrees(atan2(right_y - left_y, right_x - left_x))


def yaw(landmarks: Landmarks) -> float:
    """Return a rough angle by which the head is turned, in degrees, positive to the right of the picture.

    A head turned by a moves the tip of the nose from between the eyes by its length times sin a, while the eyes move
    together by cos a.
    """
    left, right, nose = (complex(*p) for p in (landmarks.left_eye, landmarks.right_eye, landmarks.nose))
    between = right - left
    if between == 0:
        return 90.0
    offset = ((nose - (left + right) / 2) * between.conjugate()).real / abs(between) ** 2
    return degrees(atan(offset / NOSE_LENGTH))
