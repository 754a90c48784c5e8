"""Find faces with MTCNN (Zhang et al. 2016, arXiv:1604.02878): three small networks, each sifting for the next.

The trained networks come from the package mtcnn; the cascade around them is ours. The package calls them layer by
layer, once for each size of the picture, and that overhead is most of its time: here each network is one graph
function which serves all sizes. The package's `min_face_size` is broken too; here a face is sought in proportion
to the picture.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, TypeAlias

import numpy as np
import numpy.typing as npt
import tensorflow as tf
from mtcnn import MTCNN
from PIL import Image

from ml.types import Box, FaceDetection, Landmarks

Boxes: TypeAlias = npt.NDArray[np.float32]
"""float32 (n, 4): left, top, right, bottom in pixels."""
Floats: TypeAlias = npt.NDArray[np.float32]

PROPOSE_SCORE = 0.6
PYRAMID_STEP = 0.709
PROPOSE_CELL, REFINE_SIDE, OUTPUT_SIDE = 12, 24, 48
MAX_PROPOSALS = 300
"""Bounds the work on a picture full of texture; a portrait yields a few dozen."""


class Detector(Protocol):
    """Find the faces of a picture."""

    def detect(self, picture: Image.Image) -> tuple[FaceDetection, ...]:
        """Return the faces of an upright RGB picture, largest first, in pixels of that picture."""
        ...


@dataclass(frozen=True, slots=True)
class Attempt:
    """Describe one look at the picture.

    side: longer side of the working picture in pixels. smallest: the smallest face, as a share of that side.
    border: added on all four sides in the edge's own colours, as a share of the picture's longer side.
    refine_score, output_score: what the second and third network must give; the package's own defaults.
    """

    side: int
    smallest: float
    border: float = 0.0
    refine_score: float = 0.7
    output_score: float = 0.8


FIRST = Attempt(side=640, smallest=1 / 32)
"""A person before a camera, or a group at a table. The smallest face, 20 pixels, is the package's own: with another
one the pyramid's sizes fall differently, and three borderline faces in a hundred are lost."""
TIGHT = Attempt(side=320, smallest=1 / 8, border=0.5, refine_score=0.5, output_score=0.6)
"""A crop that the face fills: the networks want to see what surrounds a face. Turned, tilted and half covered faces
are found here too: the lower scores are affordable because only a large face counts."""
FAR = Attempt(side=1280, smallest=1 / 64)
"""Somebody far away in a large photo."""
CLEAR_SCORE = 0.9
"""Beside a face that scores this much, fainter finds are dropped: they are mostly folds and shadows, and would make a
portrait a picture of several faces. Alone, a faint find is kept: it may be a face in profile."""
SMALLEST_WORK = 192
"""Pictures below this side are enlarged: of a 48-pixel crop the networks find more at this size."""


class MtcnnDetector:
    """Hold the three networks. One per process: building costs seconds, a picture some tens of milliseconds."""

    def __init__(self) -> None:
        """Load the networks that ship inside the package mtcnn; nothing is downloaded."""
        package = MTCNN()
        self._networks = [package.get_stage(stage_id=number).model for number in (1, 2, 3)]
        picture, boxes = tf.TensorSpec([None, None, 3], tf.float32), tf.TensorSpec([None, 4], tf.float32)
        self._propose = tf.function(self._propose_graph, input_signature=[picture, tf.TensorSpec([2], tf.int32)])
        self._refine = tf.function(self._refine_graph, input_signature=[picture, boxes])
        self._output = tf.function(self._output_graph, input_signature=[picture, boxes])
        for graph in (self._propose, self._refine, self._output):
            graph.get_concrete_function()  # now, so that the first picture does not wait for it

    def detect(self, picture: Image.Image) -> tuple[FaceDetection, ...]:
        """Return the faces, largest first. Looks again, closer or wider, only while nothing has been found."""
        attempts = [FIRST, TIGHT]
        if max(picture.size) > FIRST.side:
            attempts.append(FAR)
        for attempt in attempts:
            faces = self._attempt(picture, attempt)
            if faces:
                faces = [face for face in faces if face.confidence >= CLEAR_SCORE] or faces
                return tuple(sorted(faces, key=lambda face: face.box.width * face.box.height, reverse=True))
        return ()

    def _attempt(self, picture: Image.Image, attempt: Attempt) -> list[FaceDetection]:
        longest = max(picture.size)
        side = min(attempt.side, max(longest, SMALLEST_WORK))
        inner = side / (1 + 2 * attempt.border)
        scale = inner / longest
        size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
        working = picture.resize(size, Image.Resampling.BILINEAR, reducing_gap=1.5)
        border = round(attempt.border * inner)
        pixels = np.asarray(working, np.float32)
        if border:
            pixels = np.pad(pixels, ((border, border), (border, border), (0, 0)), mode="edge")
        boxes, scores, points = self.cascade(pixels, attempt)
        horizontal, vertical = picture.width / size[0], picture.height / size[1]
        ratio = np.array([horizontal, vertical], np.float32)
        boxes, points = (boxes - border) * np.tile(ratio, 2), (points - border) * ratio
        return [_detection(*found) for found in zip(boxes, scores, points, strict=True)]

    def cascade(self, pixels: Floats, attempt: Attempt) -> tuple[Boxes, Floats, Floats]:
        """Run the three networks on RGB pixels (height, width, 3), 0 to 255.

        Returns boxes (n, 4), scores (n,) and landmarks (n, 5, 2) in the order of `Landmarks`.
        """
        picture = tf.constant((pixels - 127.5) / 128)
        boxes = self._proposals(picture, attempt.smallest * attempt.side)
        if len(boxes):
            offsets, scores = (np.asarray(part) for part in self._refine(picture, boxes))
            good = scores > attempt.refine_score
            boxes, scores = _move(boxes, offsets)[good], scores[good]
            boxes = _square(boxes[_suppress(boxes, scores, 0.7)])
        if not len(boxes):
            return np.empty((0, 4), np.float32), np.empty(0, np.float32), np.empty((0, 5, 2), np.float32)
        offsets, shares, scores = (np.asarray(part) for part in self._output(picture, boxes))
        # Ten shares of the box: five x, then five y.
        points = boxes[:, None, :2] + shares.reshape(-1, 2, 5).transpose(0, 2, 1) * _sizes(boxes)[:, None]
        moved = _move(boxes, offsets)
        sure = scores > attempt.output_score
        moved, scores, points = moved[sure], scores[sure], points[sure]
        kept = _suppress(moved, scores, 0.7, of_smaller=True)
        return moved[kept], scores[kept], points[kept].astype(np.float32)

    def _proposals(self, picture: tf.Tensor, smallest: float) -> Boxes:
        height, width = picture.shape[0], picture.shape[1]
        boxes, scores = [], []
        scale = PROPOSE_CELL / max(smallest, PROPOSE_CELL)
        while min(height, width) * scale >= PROPOSE_CELL:
            size = (round(height * scale), round(width * scale))
            found, score = (np.asarray(part) for part in self._propose(picture, tf.constant(size, tf.int32)))
            boxes.append(found)
            scores.append(score)
            scale *= PYRAMID_STEP
        if not boxes:
            return np.empty((0, 4), np.float32)
        together, score = np.concatenate(boxes), np.concatenate(scores)
        return _square(together[_suppress(together, score, 0.7)[:MAX_PROPOSALS]])

    def _propose_graph(self, picture: tf.Tensor, size: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        small = tf.image.resize(picture[None], size, method=tf.image.ResizeMethod.AREA)
        offsets, faces = self._networks[0](small)
        place = tf.where(faces[0, :, :, 1] > PROPOSE_SCORE)
        scores = tf.gather_nd(faces[0, :, :, 1], place)
        corner = tf.cast(place[:, ::-1], tf.float32) * 2.0  # the network's stride
        boxes = tf.concat([corner, corner + PROPOSE_CELL], 1) + tf.gather_nd(offsets[0], place) * PROPOSE_CELL
        # Overlap is the same whichever axis comes first, so the boxes need not be turned for TensorFlow.
        kept = tf.image.non_max_suppression(boxes, scores, MAX_PROPOSALS, 0.5)
        ratio = tf.cast(tf.shape(picture)[:2], tf.float32) / tf.cast(size, tf.float32)
        return tf.gather(boxes, kept) * tf.tile(ratio[::-1], [2]), tf.gather(scores, kept)

    def _refine_graph(self, picture: tf.Tensor, boxes: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        offsets, faces = self._networks[1](_patches(picture, boxes, REFINE_SIDE))
        return offsets, faces[:, 1]

    def _output_graph(self, picture: tf.Tensor, boxes: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        offsets, points, faces = self._networks[2](_patches(picture, boxes, OUTPUT_SIDE))
        return offsets, points, faces[:, 1]


def _patches(picture: tf.Tensor, boxes: tf.Tensor, side: int) -> tf.Tensor:
    shape = tf.cast(tf.shape(picture), tf.float32)
    corners = tf.gather(boxes, [1, 0, 3, 2], axis=1) / tf.stack([shape[0], shape[1], shape[0], shape[1]])
    return tf.image.crop_and_resize(picture[None], corners, tf.zeros(tf.shape(boxes)[0], tf.int32), (side, side))


def _sizes(boxes: Boxes) -> Floats:
    return boxes[:, 2:] - boxes[:, :2]


def _move(boxes: Boxes, offsets: Floats) -> Boxes:
    """Shift each edge by its offset, which is a share of the box's width or height."""
    return (boxes + offsets * np.tile(_sizes(boxes), 2)).astype(np.float32)


def _square(boxes: Boxes) -> Boxes:
    """Widen each box to a square about its middle: the networks were trained on squares."""
    half = _sizes(boxes).max(axis=1, keepdims=True) / 2
    middle = (boxes[:, :2] + boxes[:, 2:]) / 2
    return np.concatenate([middle - half, middle + half], axis=1).astype(np.float32)


def _suppress(boxes: Boxes, scores: Floats, overlap: float, *, of_smaller: bool = False) -> npt.NDArray[np.intp]:
    """Return the rows to keep, best score first: greedy non-maximum suppression.

    Overlap is intersection over union, or over the smaller box, which also drops a box inside another.
    """
    order = np.argsort(-scores, kind="stable")
    area = np.prod(np.maximum(_sizes(boxes), 0), axis=1)
    kept: list[int] = []
    while len(order):
        best, order = int(order[0]), order[1:]
        kept.append(best)
        low = np.maximum(boxes[best, :2], boxes[order, :2])
        high = np.minimum(boxes[best, 2:], boxes[order, 2:])
        common = np.prod(np.maximum(high - low, 0), axis=1)
        whole = np.minimum(area[best], area[order]) if of_smaller else area[best] + area[order] - common
        order = order[common <= overlap * whole]
    return np.array(kept, np.intp)


def _detection(box: Floats, score: np.float32, points: Floats) -> FaceDetection:
    left, top, right, bottom = (float(edge) for edge in box)
    marks = [(float(x), float(y)) for x, y in points]
    return FaceDetection(Box(left, top, right - left, bottom - top), Landmarks(*marks), float(score))
