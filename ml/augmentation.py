"""Vary training faces: what a webcam, a hand and a lamp do to a picture, batch by batch on the CPU.

All randomness comes from a stateless seed, so that a run that resumes sees the pictures it would have seen.
"""

from __future__ import annotations

from dataclasses import dataclass

import tensorflow as tf


@dataclass(frozen=True, slots=True)
class AugmentationConfig:
    """Bound the variations: angles in degrees, shifts and scales as fractions, the rest as probabilities."""

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
