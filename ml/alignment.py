"""Cut a found face out of a photo as FER2013 frames its faces: 48x48, grey, eyes level.

The training pictures are such crops already and go into the network as they are; this is how a photo becomes one.
Standardisation is the network's own first layer, so nothing else happens to a face on either way.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PIL import Image

from ml.types import Landmarks

FACE_SIDE = 48

# Where the detector finds the five points in FER2013's own pictures: medians over 1,111 faces found in 1,200
# Training rows drawn at random (left eye 15.2, 18.9; right eye 33.0, 18.5; nose 24.0, 28.7; mouth 17.0, 37.5 and
# 31.6, 37.4), made symmetric about the middle. The frame runs from the brow or hairline to the chin.
TEMPLATE = np.array([[15.1, 18.7], [32.9, 18.7], [24.0, 28.7], [16.7, 37.5], [31.3, 37.5]])
"""Left eye, right eye, nose, mouth left, mouth right in pixels of the 48x48 crop."""

_OVERSAMPLING = 2
"""The turn is done at twice the size and averaged down, so that slanted edges do not become stairs."""
_LARGEST_FRAME = 2
"""Longer sides of the picture. Landmarks that form no face would ask for a frame without end."""


def grey_face(picture: Image.Image, landmarks: Landmarks) -> npt.NDArray[np.uint8]:
    """Return the aligned face, uint8 (48, 48), of an upright picture; beyond its edge the edge is repeated."""
    turn, shift = _similarity(landmarks, FACE_SIDE / (_LARGEST_FRAME * max(picture.size)))
    # The frame's corners in the photo bound what has to be read of it.
    side = FACE_SIDE
    corners = (np.array([0, side, side * 1j, side * (1 + 1j)]) - shift) / turn
    left, top = int(np.floor(corners.real.min())) - 2, int(np.floor(corners.imag.min())) - 2
    right, bottom = int(np.ceil(corners.real.max())) + 2, int(np.ceil(corners.imag.max())) + 2
    # A large face is shrunk before it is turned: an affine transform reads single pixels and would alias.
    scale = min(1.0, _OVERSAMPLING * float(abs(turn)))
    block = max(1, int(0.5 / scale))
    left, top, right, bottom = left // block, top // block, -(-right // block), -(-bottom // block)
    patch = _cut_grey(picture, left, top, right, bottom, block)
    size = (max(1, round(patch.width * block * scale)), max(1, round(patch.height * block * scale)))
    horizontal, vertical = size[0] / (patch.width * block), size[1] / (patch.height * block)
    patch = patch.resize(size, Image.Resampling.BOX)
    back = 1 / (_OVERSAMPLING * turn)
    origin = -shift / turn - block * (left + top * 1j)
    coefficients = (
        back.real * horizontal, -back.imag * horizontal, origin.real * horizontal,
        back.imag * vertical, back.real * vertical, origin.imag * vertical,
    )  # fmt: skip
    large = (side * _OVERSAMPLING, side * _OVERSAMPLING)
    face = patch.transform(large, Image.Transform.AFFINE, coefficients, Image.Resampling.BILINEAR)
    return np.asarray(face.reduce(_OVERSAMPLING), np.uint8)


def _similarity(landmarks: Landmarks, smallest: float) -> tuple[complex, complex]:
    """Return turn and shift such that turn * point + shift lies closest to the template, points as x + iy.

    Least squares over all five points (Umeyama 1991, without mirroring): the eyes come out level, while a turned
    head, whose eyes stand closer together, is not enlarged as it would be by the eyes alone. The size of the turn,
    that is the scale, is at least `smallest`.
    """
    marks = (landmarks.left_eye, landmarks.right_eye, landmarks.nose, landmarks.mouth_left, landmarks.mouth_right)
    points = np.array([complex(*mark) for mark in marks])
    wanted = TEMPLATE[:, 0] + 1j * TEMPLATE[:, 1]
    offset, goal = points - points.mean(), wanted - wanted.mean()
    spread = float((abs(offset) ** 2).sum())
    turn = complex((offset.conj() * goal).sum() / spread) if spread else 0j
    if abs(turn) < smallest:
        turn = smallest * (turn / abs(turn) if turn else 1)
    return turn, complex(wanted.mean() - turn * points.mean())


def _cut_grey(picture: Image.Image, left: int, top: int, right: int, bottom: int, block: int) -> Image.Image:
    """Return a part of a picture in grey, each square of `block` pixels averaged to one.

    The edges are counted in blocks; the part may reach beyond the picture.
    """
    width, height = -(-picture.width // block), -(-picture.height // block)
    first, last = min(max(left, 0), width - 1), max(min(right, width), 1)
    upper, lower = min(max(top, 0), height - 1), max(min(bottom, height), 1)
    inside = picture.reduce(
        block,
        (first * block, upper * block, min(last * block, picture.width), min(lower * block, picture.height)),
    ).convert("L")
    before, after = (max(-top, 0), max(-left, 0)), (max(bottom - height, 0), max(right - width, 0))
    if not any((*before, *after)):
        return inside
    pixels = np.pad(np.asarray(inside), tuple(zip(before, after, strict=True)), mode="edge")
    return Image.fromarray(pixels)
