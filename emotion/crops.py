"""Cut the face that a person asked to keep out of her picture."""

from __future__ import annotations

import io

from PIL import Image

from ml.types import Box

# Room around the box, as a share of its longer side: hair and chin belong to a face that one recognises.
MARGIN = 0.25
SIDE = 256
JPEG_QUALITY = 88


def face_crop(image: Image.Image, box: Box) -> bytes:
    """Return a square JPEG of at most 256 pixels around a face; beyond the picture's edge it stays grey."""
    side = max(box.width, box.height) * (1 + 2 * MARGIN)
    left = box.x + box.width / 2 - side / 2
    top = box.y + box.height / 2 - side / 2
    target = min(SIDE, max(1, round(side)))
    crop = Image.new("RGB", (target, target), (127, 127, 127))
    scale = target / side
    inside = (
        max(0, round(left)),
        max(0, round(top)),
        min(image.width, round(left + side)),
        min(image.height, round(top + side)),
    )
    if inside[0] < inside[2] and inside[1] < inside[3]:
        width, height = (inside[2] - inside[0]) * scale, (inside[3] - inside[1]) * scale
        part = image.resize((max(1, round(width)), max(1, round(height))), Image.Resampling.LANCZOS, box=inside)
        crop.paste(part, (round((inside[0] - left) * scale), round((inside[1] - top) * scale)))
    file = io.BytesIO()
    crop.save(file, "JPEG", quality=JPEG_QUALITY)
    return file.getvalue()
