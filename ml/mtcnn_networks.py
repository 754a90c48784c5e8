"""Build MTCNN's three networks (Zhang et al. 2016, arXiv:1604.02878) as ONNX graphs, with the package mtcnn's weights.

The package's own code runs them in TensorFlow; here only its weight files are read. Each network takes the picture as
float32 (1, 3, height, width), scaled by `normalise`.
"""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, distribution

import joblib
import numpy as np
import numpy.typing as npt

from ml.errors import ArtifactError
from ml.onnx_runtime import Graph

REFINE_SIDE, OUTPUT_SIDE = 24, 48
_PICTURE = (1, 3, "height", "width")
_SHAPES: dict[str, tuple[tuple[int, ...], ...]] = {
    "pnet": (
        (3, 3, 3, 10), (10,), (1, 1, 10), (3, 3, 10, 16), (16,), (1, 1, 16), (3, 3, 16, 32), (32,), (1, 1, 32),
        (1, 1, 32, 4), (4,), (1, 1, 32, 2), (2,),
    ),
    "rnet": (
        (3, 3, 3, 28), (28,), (1, 1, 28), (3, 3, 28, 48), (48,), (1, 1, 48), (2, 2, 48, 64), (64,), (1, 1, 64),
        (576, 128), (128,), (128,), (128, 4), (4,), (128, 2), (2,),
    ),
    "onet": (
        (3, 3, 3, 32), (32,), (1, 1, 32), (3, 3, 32, 64), (64,), (1, 1, 64), (3, 3, 64, 64), (64,), (1, 1, 64),
        (2, 2, 64, 128), (128,), (1, 1, 128), (1152, 256), (256,), (256,), (256, 4), (4,), (256, 10), (10,),
        (256, 2), (2,),
    ),
}  # fmt: skip


def normalise(pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """Return RGB pixels (height, width, 3) as the networks want them, (1, 3, height, width)."""
    planes = np.ascontiguousarray(pixels.transpose(2, 0, 1)[None], np.float32)
    planes -= np.float32(127.5)
    planes *= np.float32(1 / 128)
    return planes


def frames(boxes: npt.NDArray[np.float32], size: tuple[int, int]) -> npt.NDArray[np.float32]:
    """Return boxes (n, 4) of a picture of this width and height as the networks see them cut.

    Their edges are counted from the first pixel's middle to the last one's, as the package mtcnn does.
    """
    edges = np.array([*size, *size], np.float32)
    return boxes * ((edges - 1) / edges)


def proposal() -> bytes:
    """Return P-Net: "cells" (1, 5, h, w), for each cell of 12 pixels, every 2 pixels, four offsets and a logit."""
    weights = _Weights("pnet")
    graph = Graph("pnet")
    x = weights.block(graph, "picture")
    x = graph.node("MaxPool", x, kernel_shape=[2, 2], strides=[2, 2], auto_pad="SAME_UPPER")
    x = weights.block(graph, weights.block(graph, x))
    offsets, offset_bias, classes, class_bias = weights.take(4)
    # Of two classes the softmax is the logistic function of their difference: one channel says as much as two.
    kernel = np.concatenate([offsets, classes[..., 1:] - classes[..., :1]], axis=3)
    bias = np.concatenate([offset_bias, class_bias[1:] - class_bias[:1]])
    graph.node("Identity", graph.convolution(x, kernel, bias), output="cells")
    return graph.serialize({"picture": _PICTURE}, {"cells": (1, 5, "h", "w")})


def refinement() -> bytes:
    """Return R-Net: for "boxes" (n, 4), as `frames` makes them, "offsets" (n, 4) and "scores" (n, 2)."""
    weights = _Weights("rnet")
    graph = Graph("rnet")
    x = weights.block(graph, _patches(graph, REFINE_SIDE))
    x = graph.node("MaxPool", x, kernel_shape=[3, 3], strides=[2, 2], auto_pad="SAME_UPPER")
    x = weights.block(graph, x)
    x = weights.block(graph, graph.node("MaxPool", x, kernel_shape=[3, 3], strides=[2, 2]))
    x = weights.dense_block(graph, x)
    graph.dense(x, *weights.take(2), output="offsets")
    graph.node("Softmax", graph.dense(x, *weights.take(2)), axis=1, output="scores")
    return graph.serialize(
        {"picture": _PICTURE, "boxes": ("n", 4)}, {"offsets": ("n", 4), "scores": ("n", 2)}
    )  # fmt: skip


def output() -> bytes:
    """Return O-Net: as R-Net, and "points" (n, 10): five x, then five y, as shares of the box."""
    weights = _Weights("onet")
    graph = Graph("onet")
    x = weights.block(graph, _patches(graph, OUTPUT_SIDE))
    x = graph.node("MaxPool", x, kernel_shape=[3, 3], strides=[2, 2], auto_pad="SAME_UPPER")
    x = weights.block(graph, x)
    x = weights.block(graph, graph.node("MaxPool", x, kernel_shape=[3, 3], strides=[2, 2]))
    x = weights.block(graph, graph.node("MaxPool", x, kernel_shape=[2, 2], strides=[2, 2], auto_pad="SAME_UPPER"))
    x = weights.dense_block(graph, x)
    graph.dense(x, *weights.take(2), output="offsets")
    graph.dense(x, *weights.take(2), output="points")
    graph.node("Softmax", graph.dense(x, *weights.take(2)), axis=1, output="scores")
    return graph.serialize(
        {"picture": _PICTURE, "boxes": ("n", 4)}, {"offsets": ("n", 4), "points": ("n", 10), "scores": ("n", 2)}
    )


class _Weights:
    """Hand out the weights of one network in the order in which the package's layers hold them."""

    def __init__(self, name: str) -> None:
        try:
            file = distribution("mtcnn").locate_file(f"mtcnn/assets/weights/{name}.lz4")
            arrays = joblib.load(file)
        except (PackageNotFoundError, OSError) as error:
            raise ArtifactError(f"the package mtcnn does not hold {name}: {error}") from error
        if tuple(array.shape for array in arrays) != _SHAPES[name]:
            raise ArtifactError(f"the package mtcnn holds another {name} than this project was built for")
        self._rest = iter([np.asarray(array, np.float32) for array in arrays])

    def take(self, count: int) -> list[npt.NDArray[np.float32]]:
        return [next(self._rest) for _ in range(count)]

    def block(self, graph: Graph, x: str) -> str:
        """Add a convolution and its PReLU, whose slope is one a channel."""
        kernel, bias, slope = self.take(3)
        x = graph.convolution(x, kernel, bias)
        # The runtime's PRelu goes value by value; in these three steps it takes half the time.
        below = graph.node("Min", x, graph.tensor(np.array(0, np.float32)))
        return graph.node("Add", graph.node("Relu", x), graph.node("Mul", below, graph.tensor(slope.reshape(-1, 1, 1))))

    def dense_block(self, graph: Graph, x: str) -> str:
        """Add a dense layer and its PReLU. Its inputs are in the order (width, height, channels)."""
        kernel, bias, slope = self.take(3)
        x = graph.node("Flatten", graph.node("Transpose", x, perm=[0, 3, 2, 1]))
        return graph.node("PRelu", graph.dense(x, kernel, bias), graph.tensor(slope))


def _patches(graph: Graph, side: int) -> str:
    """Add what cuts the boxes out of the picture: `side` points along each edge, the first and the last upon it.

    RoiAlign takes the middle of each bin, so the frame is widened by half a bin all around, and counts from the edge
    of the first pixel.
    """
    step = 1 / (2 * (side - 1))
    widen = (1 + step) * np.eye(4, dtype=np.float32) - step * np.roll(np.eye(4, dtype=np.float32), 2, axis=0)
    frames = graph.node("Gemm", "boxes", graph.tensor(widen), graph.tensor(np.full(4, 0.5, np.float32)))
    count = graph.node("Slice", graph.node("Shape", "boxes"), *(graph.tensor(np.array([n])) for n in (0, 1)))
    rows = graph.node("Expand", graph.tensor(np.zeros(1, np.int64)), count)
    return graph.node(
        "RoiAlign", "picture", frames, rows,
        mode="avg", output_height=side, output_width=side, sampling_ratio=1, spatial_scale=1.0,
        coordinate_transformation_mode="half_pixel",
    )  # fmt: skip
