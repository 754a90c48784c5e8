"""Hand out the vision pipeline of this process, loaded once, in the worker's child and nowhere else."""

from __future__ import annotations

from functools import cache
from typing import Protocol

from PIL import Image

from ml.types import PictureReading


class FacePipeline(Protocol):
    """Read the faces of a picture."""

    def read(self, image: Image.Image) -> PictureReading:
        """Return every face with its reading, the largest first."""
        ...


@cache
def pipeline() -> FacePipeline:
    """Load the shipped model. Imported inside: the web process must never load TensorFlow."""
    from ml.pipeline import Pipeline

    return Pipeline.load()
