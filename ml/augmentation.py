"""Vary training faces: what a webcam, a hand and a lamp do to a picture, batch by batch on the CPU.

All randomness comes from a stateless seed, so that a run that resumes sees the pictures it would have seen.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from ml.alignment import FACE_SIDE, TEMPLATE

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class AugmentationConfig:
    """Bound the variations: angles in degrees, shifts and scales as fractions, the rest as probabilities.

    The second group came later. Its fields are off, and off they change nothing, so that older runs can go on.
    blur_sigma is in pixels of a 48-pixel face, coarse_side the pixels that are left of one, dim_gain the share of
    light and dim_noise the noise at that light, jpeg_quality the encoder's 1 to 100; each is a (low, high) range.
    """

    rotation: float = 18.0
    shift: float = 0.08
    scale: float = 0.14
    shear: float = 0.10
    gamma: float = 0.6
    contrast: float = 0.3
    noise: float = 12.0
    blur_probability: float = 0.15
    erase_probability: float = 0.4
    erase_fraction: float = 0.35

    gauss_probability: float = 0.0
    blur_sigma: tuple[float, float] = (0.4, 2.0)
    coarse_probability: float = 0.0
    coarse_side: tuple[int, int] = (20, 32)
    dim_probability: float = 0.0
    dim_gain: tuple[float, float] = (0.12, 0.45)
    dim_noise: tuple[float, float] = (1.0, 5.0)
    cover_probability: float = 0.0
    jpeg_probability: float = 0.0
    jpeg_quality: tuple[float, float] = (12.0, 60.0)

    @property
    def degrades(self) -> bool:
        """Say whether any of the later variations is on."""
        chances = (self.gauss_probability, self.coarse_probability, self.dim_probability, self.jpeg_probability)
        return any(chance > 0 for chance in chances)


PRESETS = {
    "plain": AugmentationConfig(),
    "moderate": AugmentationConfig(
        blur_probability=0.05,
        gauss_probability=0.15,
        coarse_probability=0.1,
        dim_probability=0.08,
        cover_probability=0.12,
        jpeg_probability=0.08,
    ),
    "strong": AugmentationConfig(
        blur_probability=0.0,  # the Gaussian takes its place
        gauss_probability=0.3,
        coarse_probability=0.2,
        dim_probability=0.15,
        cover_probability=0.15,
        jpeg_probability=0.15,
    ),
}
"""What `python -m ml train --augmentation` names."""


def _affine(count: tf.Tensor, source: float, target: int, seed: tf.Tensor, config: AugmentationConfig) -> tf.Tensor:
    """Return (count, 8) projective transforms that map target pixels to source pixels."""
    draw = tf.random.stateless_uniform((6, count), seed, -1.0, 1.0)
    angle = draw[0] * (config.rotation * 3.14159265 / 180.0)
    zoom = (source / target) * (1.0 + draw[1] * config.scale)
    shear = draw[2] * config.shear
    flip = tf.where(draw[3] > 0, 1.0, -1.0)
    cos, sin = tf.cos(angle), tf.sin(angle)
    a, b = zoom * cos * flip, zoom * (shear * cos - sin)
    c, d = zoom * sin * flip, zoom * (shear * sin + cos)
    middle_out, middle_in = (target - 1) / 2.0, (source - 1) / 2.0
    x = middle_in + draw[4] * config.shift * source - (a + b) * middle_out
    y = middle_in + draw[5] * config.shift * source - (c + d) * middle_out
    zero = tf.zeros_like(a)
    return tf.stack([a, b, x, c, d, y, zero, zero], axis=1)


def augment(images: tf.Tensor, size: int, seed: tf.Tensor, config: AugmentationConfig) -> tf.Tensor:
    """Return (n, size, size, 1) float32 variations, 0 to 255, of uint8 faces (n, height, height, 1).

    seed: int32 (2,); the same seed gives the same variations.
    """
    count = tf.shape(images)[0]
    source = int(images.shape[1])
    keys = tf.random.split(seed, 7)
    faces = tf.cast(images, tf.float32)
    blurred = tf.nn.avg_pool2d(faces, 3, 1, "SAME")
    blur = tf.random.stateless_uniform((count, 1, 1, 1), keys[0]) < config.blur_probability
    faces = tf.where(blur, blurred, faces)
    later = tf.random.split(tf.random.experimental.stateless_fold_in(seed, 1), 5)
    if config.cover_probability:
        faces = _cover(faces, later[0], config)
    faces = tf.raw_ops.ImageProjectiveTransformV3(
        images=faces,
        transforms=_affine(count, float(source), size, keys[1], config),
        output_shape=(size, size),
        interpolation="BILINEAR",
        fill_mode="REFLECT",
        fill_value=0.0,
    )
    draw = tf.random.stateless_uniform((2, count, 1, 1, 1), keys[2], -1.0, 1.0)
    faces = 255.0 * tf.pow(tf.clip_by_value(faces / 255.0, 0.0, 1.0), tf.exp(draw[0] * config.gamma))
    # Contrast is stretched and then clipped: the clipping is what standardisation cannot undo.
    mean = tf.reduce_mean(faces, axis=(1, 2), keepdims=True)
    faces = tf.clip_by_value(mean + (faces - mean) * (1.0 + draw[1] * config.contrast), 0.0, 255.0)
    strength = tf.nn.relu(tf.random.stateless_uniform((count, 1, 1, 1), keys[3], -config.noise, config.noise))
    faces += strength * tf.random.stateless_normal(tf.shape(faces), keys[4])
    if config.degrades:
        faces = _degrade(faces, size, later[1:], config)
    return tf.clip_by_value(_erase(faces, keys[5], keys[6], config), 0.0, 255.0)


def _erase(faces: tf.Tensor, place: tf.Tensor, value: tf.Tensor, config: AugmentationConfig) -> tf.Tensor:
    """Cover one random rectangle in a share of the faces with one random grey: a hand, a mask, a cup."""
    count, size = tf.shape(faces)[0], tf.cast(tf.shape(faces)[1], tf.float32)
    draw = tf.random.stateless_uniform((5, count, 1), place)
    line = tf.range(size)[None, :]
    height = (0.1 + draw[0] * (config.erase_fraction - 0.1)) * size
    width = (0.1 + draw[1] * (config.erase_fraction - 0.1)) * size
    top, left = draw[2] * (size - height), draw[3] * (size - width)
    rows = (line >= top) & (line < top + height)
    columns = (line >= left) & (line < left + width)
    chosen = draw[4] < config.erase_probability
    hole = (rows & chosen)[:, :, None, None] & columns[:, None, :, None]
    grey = tf.random.stateless_uniform((count, 1, 1, 1), value, 0.0, 255.0)
    return tf.where(hole, grey, faces)


def _cover(faces: tf.Tensor, seed: tf.Tensor, config: AugmentationConfig) -> tf.Tensor:
    """Cover the mouth or the eyes of a share of the aligned faces: a mask, a scarf, dark glasses."""
    count, side = tf.shape(faces)[0], int(faces.shape[1])
    draw = tf.random.stateless_uniform((6, count, 1), seed)
    eyes, mouth = (float(TEMPLATE[rows, 1].mean()) / FACE_SIDE for rows in ([0, 1], [3, 4]))
    middle = side * (tf.where(draw[0] < 0.5, eyes, mouth) + (draw[1] - 0.5) * 0.06)
    height, width = side * (0.16 + 0.16 * draw[2]), side * (0.5 + 0.5 * draw[3])
    line = tf.range(float(side))[None, :] + 0.5
    rows = abs(line - middle) < height / 2
    columns = abs(line - side / 2) < width / 2
    chosen = draw[4] < config.cover_probability
    hole = (rows & chosen)[:, :, None, None] & columns[:, None, :, None]
    return tf.where(hole, 255.0 * draw[5][:, :, None, None], faces)


def _degrade(faces: tf.Tensor, size: int, seeds: tf.Tensor, config: AugmentationConfig) -> tf.Tensor:
    """Let a bad camera take the faces: dim light with a sensor's noise, blur, few pixels, a JPEG encoder.

    Blur and loss of pixels are linear in each axis, and so is the encoder's transform: they are products with
    (size, size) matrices, one for each face, which costs far less than filters of varying width.
    """
    count = tf.shape(faces)[0]
    draw = tf.random.stateless_uniform((8, count, 1, 1), seeds[0])

    def within(bounds: tuple[float, float], at: tf.Tensor) -> tf.Tensor:
        return bounds[0] + (bounds[1] - bounds[0]) * at

    # A lens blurs before the sensor loses pixels and adds its noise.
    sigma = tf.where(draw[0] < config.gauss_probability, within(config.blur_sigma, draw[1]) * size / FACE_SIDE, 0.05)
    gauss = tf.exp(-tf.constant(_squared_distances(size)) / (2 * sigma**2))
    lens = gauss / tf.reduce_sum(gauss, axis=2, keepdims=True)
    low, high = config.coarse_side
    sides = tf.constant(np.stack([_coarse(size, max(1, round(n * size / FACE_SIDE))) for n in range(low, high + 1)]))
    side = tf.random.stateless_uniform((count,), seeds[1], 0, high - low + 1, tf.int32)
    coarse = tf.where(draw[2] < config.coarse_probability, tf.gather(sides, side), tf.eye(size))
    lens = coarse @ lens
    flat = tf.matmul(lens @ faces[..., 0], lens, transpose_b=True)
    dim = draw[3] < config.dim_probability
    dark = within(config.dim_gain, draw[4]) * flat
    dark += within(config.dim_noise, draw[5]) * tf.random.stateless_normal(tf.shape(flat), seeds[2])
    flat = tf.where(dim, tf.clip_by_value(tf.round(dark), 0.0, 255.0), flat)
    quality = within(config.jpeg_quality, draw[7])
    encoded = _jpeg(flat, size, quality)
    return tf.where(draw[6] < config.jpeg_probability, encoded, flat)[..., None]


@cache
def _squared_distances(size: int) -> Floats:
    line = np.arange(size, dtype=np.float32)
    return np.asarray((line[:, None] - line[None, :]) ** 2)


@cache
def _coarse(size: int, side: int) -> Floats:
    """Return the matrix that averages `size` pixels down to `side` and interpolates them back."""
    edges = np.arange(side + 1) * size / side
    line = np.arange(size)
    down = np.clip(np.minimum(edges[1:, None], line + 1) - np.maximum(edges[:-1, None], line), 0, None) * side / size
    at = np.clip((line + 0.5) * side / size - 0.5, 0, side - 1)
    up = np.clip(1 - abs(at[:, None] - np.arange(side)), 0, None)
    return np.asarray(up @ down, np.float32)


# ITU-T T.81 (JPEG), table K.1: the steps in which luminance is coded at quality 50.
_STEPS = np.array([
    [16, 11, 10, 16, 24, 40, 51, 61], [12, 12, 14, 19, 26, 58, 60, 55],
    [14, 13, 16, 24, 40, 57, 69, 56], [14, 17, 22, 29, 51, 87, 80, 62],
    [18, 22, 37, 56, 68, 109, 103, 77], [24, 35, 55, 64, 81, 104, 113, 92],
    [49, 64, 78, 87, 103, 121, 120, 101], [72, 92, 95, 98, 112, 100, 103, 99],
], np.float32)  # fmt: skip


@cache
def _blocks(size: int) -> tuple[Floats, Floats]:
    """Return the cosine transform of blocks of eight along one axis, and the steps of every coefficient."""
    transform = np.zeros((size, size), np.float32)
    for start in range(0, size, 8):
        width = min(8, size - start)
        wave, place = np.arange(width)[:, None], np.arange(width)[None, :]
        part = np.sqrt(2 / width) * np.cos(np.pi * (2 * place + 1) * wave / (2 * width))
        part[0] /= np.sqrt(2)
        transform[start : start + width, start : start + width] = part
    tiles = -(-size // 8)
    return transform, np.tile(_STEPS, (tiles, tiles))[:size, :size]


def _jpeg(flat: tf.Tensor, size: int, quality: tf.Tensor) -> tf.Tensor:
    """Return what is left of grey pictures (n, size, size) after a JPEG encoder's rounding."""
    transform, steps = (tf.constant(part) for part in _blocks(size))
    scale = tf.where(quality < 50, 50.0 / quality, 2.0 - quality / 50.0)
    steps = tf.maximum(steps * scale, 1.0)
    coded = tf.round(tf.matmul(transform @ (flat - 128.0), transform, transpose_b=True) / steps) * steps
    return tf.matmul(transform, coded @ transform, transpose_a=True) + 128.0
