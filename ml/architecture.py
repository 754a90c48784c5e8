"""Build the expression network: a small residual CNN with max pooling, dropout and two heads.

Input: grey faces, float32 (n, height, width, 1), values 0 to 255, any size from 24 pixels up: global average
pooling makes the weights independent of the size, so that training may start on small pictures.
The first layer standardises each picture to mean 0 and deviation 1, so that training and serving cannot differ
in it and brightness and contrast do not reach the convolutions.

Output: a dict of logits, "emotion" (n, 8) in the order of EMOTIONS, "original" (n, 7) in the order of FER_LABELS.
The original FER2013 labels and the FER+ votes agree on only two rows in three, hence a head for each.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from ml.types import EMOTIONS, FER_LABELS


@dataclass(frozen=True, slots=True)
class ArchitectureConfig:
    """Describe the network: channels of each stage, residual blocks in each, dropout before the heads."""

    widths: tuple[int, ...] = (32, 64, 128, 256)
    blocks: tuple[int, ...] = (1, 1, 1, 1)
    dropout: float = 0.4


def _conv_bn(x: keras.KerasTensor, width: int, kernel: int, name: str) -> keras.KerasTensor:
    x = keras.layers.Conv2D(
        width, kernel, padding="same", use_bias=False, kernel_initializer="he_normal", name=f"{name}_conv"
    )(x)
    return keras.layers.BatchNormalization(momentum=0.95, name=f"{name}_bn")(x)


def _residual(x: keras.KerasTensor, width: int, name: str) -> keras.KerasTensor:
    shortcut = x if x.shape[-1] == width else _conv_bn(x, width, 1, f"{name}_skip")
    y = keras.layers.ReLU(name=f"{name}_relu1")(_conv_bn(x, width, 3, f"{name}_1"))
    y = _conv_bn(y, width, 3, f"{name}_2")
    return keras.layers.ReLU(name=f"{name}_out")(keras.layers.Add(name=f"{name}_add")([shortcut, y]))


def build(config: ArchitectureConfig) -> keras.Model:
    """Return an untrained network. Raises ValueError when widths and blocks differ in length."""
    if len(config.widths) != len(config.blocks):
        raise ValueError("widths and blocks must have one entry a stage each")
    inputs = keras.Input((None, None, 1), name="face")
    # One group over one channel is per-picture standardisation; epsilon keeps a flat picture finite.
    x = keras.layers.GroupNormalization(
        groups=1, center=False, scale=False, epsilon=1.0, dtype="float32", name="standardise"
    )(inputs)
    x = keras.layers.ReLU(name="stem_out")(_conv_bn(x, config.widths[0], 3, "stem"))
    for stage, (width, blocks) in enumerate(zip(config.widths, config.blocks, strict=True)):
        if stage:
            x = keras.layers.MaxPooling2D(name=f"stage{stage}_pool")(x)
        for block in range(blocks):
            x = _residual(x, width, f"stage{stage}_block{block}")
    x = keras.layers.GlobalAveragePooling2D(name="pool")(x)
    x = keras.layers.Dropout(config.dropout, name="dropout")(x)
    heads = {
        "emotion": keras.layers.Dense(len(EMOTIONS), dtype="float32", name="emotion")(x),
        "original": keras.layers.Dense(len(FER_LABELS), dtype="float32", name="original")(x),
    }
    return keras.Model(inputs, heads, name="mood_face")


def compiled(model: keras.Model) -> Callable[[npt.NDArray[np.float32]], Mapping[str, Any]]:
    """Return a model's inference as one graph function for any number and size of faces: a network for `logits_of`.

    Called layer by layer, the same network takes several times as long.
    """
    faces = tf.TensorSpec([None, None, None, 1], tf.float32)
    graph: Callable[[npt.NDArray[np.float32]], Mapping[str, Any]] = tf.function(
        partial(model, training=False), input_signature=[faces]
    )
    return graph
