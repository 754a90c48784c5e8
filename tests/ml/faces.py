"""Faces made of numbers: landmarks and detections for tests that need no detector."""

from __future__ import annotations

import numpy as np

from ml.alignment import TEMPLATE
from ml.types import Box, FaceDetection, Landmarks


def landmarks(scale: float = 4.0, degrees: float = 0.0, at: tuple[float, float] = (200.0, 150.0)) -> Landmarks:
    """Return the template's five points, enlarged, turned clockwise and moved to a place."""
    turn = scale * np.exp(1j * np.radians(degrees))
    points = ((TEMPLATE[:, 0] - 24) + 1j * (TEMPLATE[:, 1] - 24)) * turn + complex(*at)
    return Landmarks(*((float(point.real), float(point.imag)) for point in points))


def detection(width: float = 150.0, height: float = 200.0, **where: object) -> FaceDetection:
    """Return a detection of a given size."""
    return FaceDetection(Box(125.0, 50.0, width, height), landmarks(**where), 0.99)  # type: ignore[arg-type]
