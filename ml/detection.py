"""Find faces with MTCNN (Zhang et al. 2016, arXiv:1604.02878): three small networks, each sifting for the next.

The trained networks come from the package mtcnn; the cascade around them is ours. The package calls them layer by
layer, once for each size of the picture, and that overhead is most of its time. Its `min_face_size` is broken too; here
a face is sought in proportion to the picture.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, TypeAlias

import numpy as np
import numpy.typing as npt
from PIL import Image

from ml import mtcnn_networks
from ml.onnx_runtime import session
from ml.types import Box, FaceDetection, Landmarks

Boxes: TypeAlias = npt.NDArray[np.float32]
"""float32 (n, 4): left, top, right, bottom in pixels."""
Floats: TypeAlias = npt.NDArray[np.float32]

PROPOSE_SCORE = 0.6
PROPOSE_LOGIT = float(np.log(PROPOSE_SCORE / (1 - PROPOSE_SCORE)))
PYRAMID_STEP = 0.709
PROPOSE_CELL, PROPOSE_STRIDE = 12, 2
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


FIRST = Attempt(side=640, smallest=28.2 / 640)
"""A person before a camera, or a group at a table. The package looks for 20 pixels and in steps of .709: this is its
second step. The first would take as long as all others together, for faces that can hardly be read."""
TIGHT = Attempt(side=320, smallest=1 / 8, border=0.5, refine_score=0.5, output_score=0.6)
"""A crop that the face fills: the networks want to see what surrounds a face. Turned, tilted and half covered faces
are found here too: the lower scores are affordable because only a large face counts."""
FAR = Attempt(side=1280, smallest=1 / 56)
"""Somebody far away in a large photo, and a borderline face that the first sizes missed: these fall in between."""
CLEAR_SCORE = 0.9
"""Beside a face that scores this much, fainter finds are dropped: they are mostly folds and shadows, and would make a
portrait a picture of several faces. Alone, a faint find is kept: it may be a face in profile."""
SMALLEST_WORK = 192
"""Pictures below this side are enlarged: of a 48-pixel crop the networks find more at this size."""


class MtcnnDetector:
    """Hold the three networks. One per process: building takes a moment, a picture some milliseconds."""

    def __init__(self, threads: int = 0) -> None:
        """Build the networks from the weights inside the package mtcnn; nothing is downloaded.

        `threads` 0 means one a core. Raises ArtifactError when the package holds other networks.
        """
        self._propose, self._refine, self._output = (
            session(network(), threads)
            for network in (mtcnn_networks.proposal, mtcnn_networks.refinement, mtcnn_networks.output)
        )

    def detect(self, picture: Image.Image) -> tuple[FaceDetection, ...]:
        """Return the faces, largest first. Looks again, closer or wider, only while nothing has been found."""
        for attempt in (FIRST, TIGHT, FAR):
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
        working = _shrunk(picture, size)
        border = round(attempt.border * inner)
        if border:
            working = Image.fromarray(np.pad(np.asarray(working), ((border, border), (border, border), (0, 0)), "edge"))
        boxes, scores, points = self.cascade(working, attempt)
        horizontal, vertical = picture.width / size[0], picture.height / size[1]
        ratio = np.array([horizontal, vertical], np.float32)
        boxes, points = (boxes - border) * np.tile(ratio, 2), (points - border) * ratio
        return [_detection(*found) for found in zip(boxes, scores, points, strict=True)]

    def cascade(self, working: Image.Image, attempt: Attempt) -> tuple[Boxes, Floats, Floats]:
        """Run the three networks on an RGB picture of working size.

        Returns boxes (n, 4), scores (n,) and landmarks (n, 5, 2) in the order of `Landmarks`.
        """
        picture = mtcnn_networks.normalise(np.asarray(working))
        boxes = self._proposals(working, attempt.smallest * attempt.side)
        if len(boxes):
            offsets, scores = self._refine.run(
                None, {"picture": picture, "boxes": mtcnn_networks.frames(boxes, working.size)}
            )
            boxes, scores = _move(boxes, offsets), scores[:, 1]
            good = scores > attempt.refine_score
            boxes, scores = boxes[good], scores[good]
            boxes = _square(boxes[_suppress(boxes, scores, 0.7)])
        if not len(boxes):
            return np.empty((0, 4), np.float32), np.empty(0, np.float32), np.empty((0, 5, 2), np.float32)
        offsets, shares, scores = self._output.run(
            None, {"picture": picture, "boxes": mtcnn_networks.frames(boxes, working.size)}
        )
        # Ten shares of the box: five x, then five y.
        points = boxes[:, None, :2] + shares.reshape(-1, 2, 5).transpose(0, 2, 1) * _sizes(boxes)[:, None]
        moved, scores = _move(boxes, offsets), scores[:, 1]
        sure = scores > attempt.output_score
        moved, scores, points = moved[sure], scores[sure], points[sure]
        kept = _suppress(moved, scores, 0.7, of_smaller=True)
        return moved[kept], scores[kept], points[kept].astype(np.float32)

    def _proposals(self, working: Image.Image, smallest: float) -> Boxes:
        boxes, scores = [np.empty((0, 4), np.float32)], [np.empty(0, np.float32)]
        scale = PROPOSE_CELL / max(smallest, PROPOSE_CELL)
        while min(working.size) * scale >= PROPOSE_CELL:
            size = (round(working.width * scale), round(working.height * scale))
            small = working.resize(size, Image.Resampling.BOX, reducing_gap=1.5)
            found, score = self._cells(mtcnn_networks.normalise(np.asarray(small)))
            boxes.append(found * np.tile(np.array(working.size, np.float32) / np.array(size, np.float32), 2))
            scores.append(score)
            scale *= PYRAMID_STEP
        together, score = np.concatenate(boxes), np.concatenate(scores)
        return _square(together[_suppress(together, score, 0.7)[:MAX_PROPOSALS]])

    def _cells(self, small: Floats) -> tuple[Boxes, Floats]:
        """Return what the first network takes for faces in one size of the picture, in its pixels."""
        ((cells,),) = self._propose.run(None, {"picture": small})
        rows, columns = np.nonzero(cells[4] > PROPOSE_LOGIT)
        score, offsets = cells[4, rows, columns], cells[:4, rows, columns].T
        corner = np.stack([columns, rows], axis=1).astype(np.float32) * PROPOSE_STRIDE
        boxes = np.concatenate([corner, corner + PROPOSE_CELL], axis=1) + offsets * PROPOSE_CELL
        kept = _suppress(boxes, score, 0.5)
        return boxes[kept], score[kept]


def _shrunk(picture: Image.Image, size: tuple[int, int]) -> Image.Image:
    """Return the picture at a working size.

    Of a far larger photo three pixels by three are averaged for each of it, and not all forty: reading every pixel of
    twelve million would take as long as finding the face.
    """
    if picture.width >= 4 * size[0] and picture.height >= 4 * size[1]:
        return picture.resize((3 * size[0], 3 * size[1]), Image.Resampling.NEAREST).reduce(3)
    return picture.resize(size, Image.Resampling.BILINEAR, reducing_gap=1.5)


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
    order = np.argsort(-scores, kind="stable")[:MAX_PROPOSALS]
    boxes = boxes[order]
    area = np.prod(np.maximum(_sizes(boxes), 0), axis=1)
    low = np.maximum(boxes[:, None, :2], boxes[None, :, :2])
    high = np.minimum(boxes[:, None, 2:], boxes[None, :, 2:])
    common = np.prod(np.maximum(high - low, 0), axis=2)
    whole = np.minimum(area[:, None], area) if of_smaller else area[:, None] + area - common
    clash = common > overlap * whole
    kept = np.ones(len(order), bool)
    for row in range(len(order)):
        if kept[row]:
            kept[row + 1 :] &= ~clash[row, row + 1 :]
    return order[kept]


def _detection(box: Floats, score: np.float32, points: Floats) -> FaceDetection:
    left, top, right, bottom = (float(edge) for edge in box)
    marks = [(float(x), float(y)) for x, y in points]
    return FaceDetection(Box(left, top, right - left, bottom - top), Landmarks(*marks), float(score))
