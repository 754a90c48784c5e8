"""Spoil test faces in ways that cameras and people spoil them, and measure what each costs.

Everything is done to the 48x48 faces of FER2013, so a blur of one pixel is one of 48. Rotation is measured twice: of
the face as it lies, and put level again by `alignment.grey_face` from its five points, for which the template's own,
turned alike, stand in (FER2013 frames its faces so, and knows no landmarks).
What goes into a face is made here with Pillow and NumPy, apart from what training makes with TensorFlow.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFilter

from ml.alignment import FACE_SIDE, TEMPLATE, grey_face
from ml.datasets import FerRows, single_highest
from ml.evaluation import Predictor, report
from ml.types import EMOTIONS, Landmarks

Face: TypeAlias = npt.NDArray[np.uint8]
Spoil: TypeAlias = Callable[[Face, np.random.Generator], Face]

_ENLARGED = 4
"""A face is turned at four times its size, as a photo would hold it, so that turning does not blur it."""


@dataclass(frozen=True, slots=True)
class Corruption:
    """Name one way to spoil a face. `moderate` ones are those that ordinary photos show."""

    name: str
    moderate: bool
    spoil: Spoil


def _bytes(values: npt.NDArray[np.floating]) -> Face:
    return np.asarray(np.clip(np.rint(values), 0, 255), np.uint8)


def _gamma(exponent: float) -> Spoil:
    return lambda face, _: _bytes(255 * (face / 255) ** exponent)


def _contrast(share: float) -> Spoil:
    return lambda face, _: _bytes(face.mean() + (face - face.mean()) * share)


def blur(sigma: float) -> Spoil:
    """Blur by a Gaussian of so many pixels."""
    return lambda face, _: np.asarray(Image.fromarray(face).filter(ImageFilter.GaussianBlur(sigma)), np.uint8)


def _noise(deviation: float) -> Spoil:
    return lambda face, rng: _bytes(face + rng.normal(0, deviation, face.shape))


def dim(light: float, deviation: float) -> Spoil:
    """Leave a share of the light, and the sensor's noise."""
    return lambda face, rng: _bytes(light * face + rng.normal(0, deviation, face.shape))


def burn(light: float) -> Spoil:
    """Multiply the light; what goes beyond white is lost."""
    return lambda face, _: _bytes(light * face)


def _jpeg(quality: int) -> Spoil:
    def spoil(face: Face, _: np.random.Generator) -> Face:
        file = io.BytesIO()
        Image.fromarray(face).save(file, "JPEG", quality=quality)
        return np.asarray(Image.open(file), np.uint8)

    return spoil


def coarse(side: int) -> Spoil:
    """Leave so many pixels a side, and enlarge them again."""

    def spoil(face: Face, _: np.random.Generator) -> Face:
        small = Image.fromarray(face).resize((side, side), Image.Resampling.BOX)
        return np.asarray(small.resize((FACE_SIDE, FACE_SIDE), Image.Resampling.BILINEAR), np.uint8)

    return spoil


def _cover(top: int, bottom: int, left: int, right: int) -> Spoil:
    def spoil(face: Face, _: np.random.Generator) -> Face:
        covered = face.copy()
        covered[top:bottom, left:right] = round(float(face.mean()))
        return covered

    return spoil


def _turned(face: Face, degrees: float) -> Image.Image:
    """Return the face enlarged, turned clockwise about its middle, its edge carried on all around."""
    large = Image.fromarray(face).resize((FACE_SIDE * _ENLARGED,) * 2, Image.Resampling.BICUBIC)
    border = large.width // 2
    framed = Image.fromarray(np.pad(np.asarray(large), border, mode="edge"))
    return framed.rotate(-degrees, Image.Resampling.BICUBIC)


def _rotate(degrees: float) -> Spoil:
    def spoil(face: Face, _: np.random.Generator) -> Face:
        turned = _turned(face, degrees)
        border = FACE_SIDE * _ENLARGED // 2
        inside = turned.crop((border, border, turned.width - border, turned.height - border))
        return np.asarray(inside.resize((FACE_SIDE, FACE_SIDE), Image.Resampling.BOX), np.uint8)

    return spoil


def _rotate_and_align(degrees: float) -> Spoil:
    def spoil(face: Face, _: np.random.Generator) -> Face:
        turned = _turned(face, degrees)
        points = (TEMPLATE[:, 0] - FACE_SIDE / 2) + 1j * (TEMPLATE[:, 1] - FACE_SIDE / 2)
        points = points * _ENLARGED * np.exp(1j * np.radians(degrees)) + complex(turned.width, turned.height) / 2
        return grey_face(turned, Landmarks(*((float(p.real), float(p.imag)) for p in points)))

    return spoil


CORRUPTIONS = (
    Corruption("darker (gamma 2.5)", True, _gamma(2.5)),
    Corruption("brighter (gamma 0.4)", True, _gamma(0.4)),
    Corruption("a quarter of the light, noise of 3", True, dim(0.25, 3)),
    Corruption("low contrast (30 %)", True, _contrast(0.3)),
    Corruption("blur, sigma 1 px", True, blur(1.0)),
    Corruption("blur, sigma 1.5 px", False, blur(1.5)),
    Corruption("noise, deviation 10", True, _noise(10)),
    Corruption("noise, deviation 20", False, _noise(20)),
    Corruption("JPEG, quality 30", True, _jpeg(30)),
    Corruption("turned 15 degrees, as it lies", True, _rotate(15)),
    Corruption("turned 30 degrees, as it lies", False, _rotate(30)),
    Corruption("turned 15 degrees, aligned", True, _rotate_and_align(15)),
    Corruption("turned 30 degrees, aligned", True, _rotate_and_align(30)),
    Corruption("mouth covered", False, _cover(32, 43, 11, 37)),
    Corruption("eyes covered", False, _cover(14, 24, 6, 42)),
    Corruption("face of 24 pixels", True, coarse(24)),
)


@dataclass(frozen=True, slots=True)
class Line:
    """Hold what one corruption leaves of FER+8: `loss` in points of accuracy against the untouched faces."""

    name: str
    moderate: bool
    accuracy: float
    loss: float
    ece: float


def measure(predictor: Predictor, rows: FerRows, seed: int = 7) -> dict[str, Any]:
    """Return n, the untouched faces' accuracy and ECE, and one line a corruption, JSON-ready.

    Protocol FER+8; the same noise for the same seed. Raises ValueError when no row has a single highest vote.
    """
    chosen, winner = single_highest(rows.votes, len(EMOTIONS))
    faces, truth = rows.images[chosen], winner[chosen]
    if not len(faces):
        raise ValueError("there are no rows to measure on")
    clean = report(predictor.probabilities(faces)[0], truth, EMOTIONS)
    lines = []
    for corruption in CORRUPTIONS:
        rng = np.random.default_rng(seed)
        spoiled = np.stack([corruption.spoil(face, rng) for face in faces])
        found = report(predictor.probabilities(spoiled)[0], truth, EMOTIONS)
        loss = 100 * (clean.accuracy - found.accuracy)
        lines.append(asdict(Line(corruption.name, corruption.moderate, found.accuracy, loss, found.ece)))
    return {
        "protocol": "FER+8",
        "n": clean.n,
        "accuracy": clean.accuracy,
        "ece": clean.ece,
        "largest_moderate_loss": max(line["loss"] for line in lines if line["moderate"]),
        "corruptions": lines,
    }
