"""Answer for picture files on the command line: one JSON-ready document, or one readable line, a picture."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from time import perf_counter
from typing import Any

from ml.errors import PictureError
from ml.pictures import open_picture
from ml.pipeline import Pipeline
from ml.types import FaceReading, PictureReading


def predict(pipeline: Pipeline, path: str) -> dict[str, Any]:
    """Read one file. A file that cannot be read gives `error` with a stable code and a message instead of faces."""
    started = perf_counter()
    try:
        picture = open_picture(Path(path))
    except PictureError as error:
        return {"path": path, "error": {"code": error.code, "message": str(error)}}
    decode = 1000 * (perf_counter() - started)
    return _document(path, pipeline.read(picture), decode)


def _document(path: str, reading: PictureReading, decode: float) -> dict[str, Any]:
    spent = {"decode": decode, **reading.milliseconds}
    spent["total"] += decode
    return {
        "path": path,
        "width": reading.width,
        "height": reading.height,
        "faces": [_face(face) for face in reading.faces],
        "milliseconds": {stage: round(value, 3) for stage, value in spent.items()},
    }


def _face(face: FaceReading) -> dict[str, Any]:
    detection = face.detection
    return {
        "box": asdict(detection.box),
        "landmarks": asdict(detection.landmarks),
        "detection_confidence": detection.confidence,
        **asdict(face.reading),
        "quality": asdict(face.quality),
    }


def describe(document: dict[str, Any]) -> str:
    """Return the lines that a person reads: one a face."""
    path = document["path"]
    if "error" in document:
        return f"{path}: {document['error']['message']}"
    if not document["faces"]:
        return f"{path}: no face found"
    return "\n".join(f"{path}: {_line(face)}" for face in document["faces"])


def _line(face: dict[str, Any]) -> str:
    box = face["box"]
    words = f"{face['dominant']} {face['confidence']:.0%}" + ("" if face["sure"] else " (not sure)")
    place = f"at {box['x']:.0f},{box['y']:.0f} {box['width']:.0f}x{box['height']:.0f}"
    advice = f"; {', '.join(face['quality']['advice'])}" if face["quality"]["advice"] else ""
    return f"{words}, valence {face['valence']:.2f}, arousal {face['arousal']:.2f}, {place}{advice}"
