"""Draw how a catalogue covers the plane of moods, and print what it holds. `make catalogue-plot`.

The drawing is made with Pillow, which the site needs anyway: four cells by four, each with the number of its tracks and
the darker the more, and a dot for every track.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from itertools import islice
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from recommendations.catalogue import GRID, STARTER, Catalogue, CatalogueError, Statistics, read_catalogue

SIDE, MARGIN = 960, 90
PAPER, INK, DOT = "#ffffff", "#14211e", "#0b6b60"
LIGHTEST, DARKEST = (242, 245, 243), (150, 205, 195)
MOST_NAMES = 15


def draw(catalogue: Catalogue) -> Image.Image:
    """Return the drawing: valence to the right, arousal upwards."""
    statistics = catalogue.statistics
    image = Image.new("RGB", (SIDE + 2 * MARGIN, SIDE + 2 * MARGIN), PAPER)
    pen, cell = ImageDraw.Draw(image), SIDE / GRID
    most = max(max(statistics.grid.values(), default=0), 1)
    for (row, column), count in statistics.grid.items():
        left, top = MARGIN + column * cell, MARGIN + (GRID - 1 - row) * cell
        shade = tuple(round(a + (b - a) * count / most) for a, b in zip(LIGHTEST, DARKEST, strict=True))
        pen.rectangle((left, top, left + cell, top + cell), fill=shade, outline=PAPER, width=3)
    for track in catalogue.tracks:
        x, y = MARGIN + track.valence * SIDE, MARGIN + (1 - track.arousal) * SIDE
        pen.ellipse((x - 3, y - 3, x + 3, y + 3), fill=DOT)
    for (row, column), count in statistics.grid.items():
        left, top = MARGIN + column * cell, MARGIN + (GRID - 1 - row) * cell
        pen.text((left + 12, top + 8), str(count), fill=INK, font=ImageFont.load_default(28))
    _label(pen, statistics)
    return image


def _label(pen: ImageDraw.ImageDraw, statistics: Statistics) -> None:
    large, small = ImageFont.load_default(28), ImageFont.load_default(22)
    middle, end = MARGIN + SIDE / 2, MARGIN + SIDE
    title = f"{statistics.tracks} tracks of {statistics.artists} artists, by cell"
    pen.text((middle, MARGIN / 2 - 8), title, fill=INK, font=large, anchor="mm")
    pen.text((middle, MARGIN - 18), "energetic", fill=INK, font=small, anchor="mm")
    pen.text((middle, end + 22), "calm", fill=INK, font=small, anchor="mm")
    pen.text((MARGIN, end + 22), "unpleasant", fill=INK, font=small, anchor="lm")
    pen.text((end, end + 22), "pleasant", fill=INK, font=small, anchor="rm")


def describe(statistics: Statistics) -> str:
    """Return the counts as text; of genres and languages the most common ones."""
    lines = [f"{statistics.tracks} tracks, {statistics.artists} artists"]
    lines.append(f"{statistics.instrumental} without words, {statistics.explicit} explicit")
    lines.append("Cells (most energetic first, least pleasant first):")
    lines.extend(
        "  " + " ".join(f"{statistics.grid[row, column]:4}" for column in range(GRID)) for row in reversed(range(GRID))
    )
    decades = ", ".join(f"{decade}s {count}" for decade, count in statistics.decades.items())
    lines.append(f"Decades ({len(statistics.decades)}): {decades}")
    lines.append(f"Genres ({len(statistics.genres)}): {_common(statistics.genres)}")
    lines.append(f"Languages ({len(statistics.languages)}): {_common(statistics.languages)}")
    return "\n".join(lines)


def _common(counts: Mapping[str, int]) -> str:
    names = ", ".join(f"{name} {count}" for name, count in islice(counts.items(), MOST_NAMES))
    return names + (", ..." if len(counts) > MOST_NAMES else "")


def main(arguments: list[str] | None = None) -> int:
    """Draw and print; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--file", type=Path, default=STARTER, help="a catalogue; the one that ships by default")
    parser.add_argument("--output", type=Path, default=Path("var") / "catalogue.png", help="where the drawing goes")
    chosen = parser.parse_args(arguments)
    try:
        catalogue = Catalogue(read_catalogue(chosen.file))
        image = draw(catalogue)
        chosen.output.parent.mkdir(parents=True, exist_ok=True)
        image.save(chosen.output, "PNG")
    except (CatalogueError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    print(describe(catalogue.statistics))
    print(f"Drawn in {chosen.output}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
