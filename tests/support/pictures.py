"""Pictures for tests, made here: nobody's face but the one that NASA put in the public domain."""

from __future__ import annotations

import io
from functools import cache

import numpy as np
from PIL import Image


def picture(size: tuple[int, int] = (320, 240), colour: tuple[int, int, int] = (120, 130, 140)) -> Image.Image:
    """Return a picture with a little structure and no face."""
    image = Image.new("RGB", size, colour)
    image.paste((200, 180, 60), (size[0] // 4, size[1] // 4, size[0] // 2, size[1] // 2))
    return image


def encoded(image: Image.Image, kind: str = "JPEG", **options: object) -> bytes:
    """Return a picture as the bytes of a file."""
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


@cache
def astronaut() -> Image.Image:
    """Return Eileen Collins, NASA 1999, public domain, as scikit-image carries her: one face, smiling."""
    from skimage import data

    return Image.fromarray(np.asarray(data.astronaut()))
