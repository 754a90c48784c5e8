"""Open pictures that strangers send, and paint them anew without anything but their pixels.

A file is untrusted until it has been repainted: its format is taken from its content, its size is checked
before a pixel is decoded, and what leaves here is a fresh canvas without metadata, profile or trailing bytes.
"""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path
from typing import BinaryIO, TypeAlias

from PIL import Image, ImageFile, UnidentifiedImageError

from ml.errors import PictureError

FORMATS = ("JPEG", "PNG", "WEBP")
MAX_PIXELS = 40_000_000
"""Above the 12 to 24 megapixels of phones; a decoded picture of this size takes 120 MB."""
MIN_SIDE = 48
"""The side of the network's own input: a smaller picture cannot hold a readable face."""
MAX_RATIO = 16
"""A longer strip would lose its short side when it is shrunk to a working size."""
REPAINTED_SIDE = 1600
JPEG_QUALITY = 92
WHITE = (255, 255, 255)

PictureSource: TypeAlias = bytes | Path | BinaryIO

_ORIENTATION_TAG = 0x0112
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""EXIF orientation (CIPA DC-008, tag 0x0112) to the turn that stands the picture upright."""

# What Pillow's parsers raise on broken bytes, beside OSError: their chunks are read with struct and zlib.
_BROKEN = (OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError, TypeError, struct.error, zlib.error)


def open_picture(source: PictureSource) -> Image.Image:
    """Return a still picture from bytes, a path or an open file, upright, RGB, on a fresh canvas.

    Transparency is laid on white. Raises PictureError with one of the codes "not_an_image", "too_many_pixels",
    "animated", "truncated", "too_small", and "unreadable" for a path that cannot be opened.
    """
    return _open(source, None)


def repaint(source: PictureSource, max_side: int = REPAINTED_SIDE) -> bytes:
    """Return the picture as a JPEG without any metadata, its longer side at most `max_side` pixels.

    Raises PictureError as `open_picture` does.
    """
    picture = shrink(_open(source, max_side), max_side)
    if min(picture.size) < MIN_SIDE:
        raise PictureError("too_small", f"the picture is narrower than {MIN_SIDE} pixels at this size")
    target = io.BytesIO()
    picture.save(target, "JPEG", quality=JPEG_QUALITY)
    return target.getvalue()


def shrink(picture: Image.Image, max_side: int) -> Image.Image:
    """Return the picture with its longer side at most `max_side` pixels, never enlarged."""
    scale = max_side / max(picture.size)
    if scale >= 1:
        return picture
    width, height = (max(1, round(side * scale)) for side in picture.size)
    # reducing_gap: a cheap box filter first, at least twice the target, then Lanczos: 12 megapixels in tens of ms.
    return picture.resize((width, height), Image.Resampling.LANCZOS, reducing_gap=2.0)


def _open(source: PictureSource, enough: int | None) -> Image.Image:
    if isinstance(source, bytes):
        return _read(io.BytesIO(source), enough)
    if isinstance(source, Path):
        try:
            with source.open("rb") as file:
                return _read(file, enough)
        except OSError as error:
            raise PictureError("unreadable", f"the file cannot be opened: {error.strerror or error}") from error
    return _read(source, enough)


def _read(file: BinaryIO, enough: int | None) -> Image.Image:
    """Decode and repaint an open file; `enough` allows a JPEG to be decoded smaller, but not below that side."""
    _refuse_polyglot(file)
    try:
        picture = Image.open(file, formats=FORMATS)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise PictureError("too_many_pixels", _too_many()) from error
    except UnidentifiedImageError as error:
        raise PictureError("not_an_image", "the file is not a JPEG, PNG or WebP picture") from error
    except _BROKEN as error:
        raise PictureError("not_an_image", f"the file is not a readable picture: {error}") from error
    with picture:
        _check_size(picture)
        if _is_animated(picture):
            raise PictureError("animated", "the picture moves; a still picture is needed")
        if enough:
            picture.draft("RGB", _draft_size(picture, enough))
        try:
            picture.load()
        except _BROKEN as error:
            raise PictureError("truncated", f"the picture is damaged or cut short: {error}") from error
        return _fresh(picture)


def _refuse_polyglot(file: BinaryIO) -> None:
    """Refuse a file that programs would also open as a PDF or a ZIP: nobody's camera makes one.

    Other trailing bytes stay allowed, since phones append short films to their photos; repainting drops them.
    """
    head = file.read(1024)  # PDF readers look for their mark in the first 1024 bytes
    end = file.seek(0, io.SEEK_END)
    start = file.seek(max(0, end - 65_557))  # a ZIP ends in a record of 22 bytes and a comment of up to 65,535
    tail = file.read()
    file.seek(0)
    mark = tail.rfind(b"PK\x05\x06")
    closes = 0 <= mark <= len(tail) - 22 and start + mark + 22 + int.from_bytes(tail[mark + 20 : mark + 22], "little")
    if b"%PDF-" in head or (mark >= 0 and closes == end):
        raise PictureError("not_an_image", "the file is a picture and a document at once")


def _too_many() -> str:
    return f"the picture has more than {MAX_PIXELS // 1_000_000} million pixels"


def _check_size(picture: ImageFile.ImageFile) -> None:
    width, height = picture.size
    if width * height > MAX_PIXELS:
        raise PictureError("too_many_pixels", _too_many())
    if min(width, height) < MIN_SIDE:
        raise PictureError("too_small", f"the picture is {width}x{height} pixels; {MIN_SIDE} a side are needed")
    if max(width, height) > MAX_RATIO * min(width, height):
        raise PictureError("too_small", f"the picture is a strip of {width}x{height} pixels; no face fits in it")


def _is_animated(picture: ImageFile.ImageFile) -> bool:
    # A phone's JPEG may carry a preview or a depth map as a second frame: Pillow calls that MPO. Its first frame is
    # the photo.
    return picture.format != "MPO" and bool(getattr(picture, "is_animated", False))


def _draft_size(picture: ImageFile.ImageFile, enough: int) -> tuple[int, int]:
    scale = min(1.0, enough / max(picture.size))
    width, height = picture.size
    return max(1, round(width * scale)), max(1, round(height * scale))


def _fresh(picture: Image.Image) -> Image.Image:
    """Paint a decoded picture onto a new RGB canvas, upright."""
    turn = _UPRIGHT.get(_orientation(picture))
    if picture.mode.startswith(("I", "F")):
        # 16-bit grey: Pillow clips at 255 where a camera means 65535.
        picture = picture.convert("I").point(lambda value: value / 257).convert("L")
    canvas = Image.new("RGB", picture.size, WHITE)
    if picture.has_transparency_data:
        layered = picture.convert("RGBA")
        canvas.paste(layered, mask=layered.getchannel("A"))
    else:
        canvas.paste(picture.convert("RGB"))
    return canvas if turn is None else canvas.transpose(turn)


def _orientation(picture: Image.Image) -> int:
    try:
        value = picture.getexif().get(_ORIENTATION_TAG, 1)
    except _BROKEN:
        return 1  # a broken EXIF block says nothing about the pixels, which are whole
    return value if isinstance(value, int) else 1
