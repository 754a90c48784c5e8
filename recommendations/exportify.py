"""Read a playlist that a person exported with Exportify. Plain Python.

Both programs of that name write CSV with one row a song (https://github.com/watsonbox/exportify and
https://github.com/pavelkomarov/exportify); their columns differ, and change with time, so each is looked for under
every name that it has had. Songs of several artists are listed with semicolons, or with commas, those within a name
escaped; here the first is the artist and the others are guests.

Where the file carries Spotify's audio features, energy stands for arousal and valence for valence: a machine's rough
estimates of both. Spotify gives them to old apps only, so many files lack them; then `Song.place` is None.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TextIO

from recommendations.catalogue import FIRST_YEAR, LONGEST, CatalogueError, track_key
from recommendations.circumplex import Point

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "title": ("Track Name",),
    "artists": ("Artist Name(s)",),
    "released": ("Release Date", "Album Release Date"),
    "explicit": ("Explicit",),
    "genres": ("Genres", "Artist Genres"),
    "energy": ("Energy",),
    "valence": ("Valence",),
    "instrumentalness": ("Instrumentalness",),
}
NEEDED = ("title", "artists", "released")
INSTRUMENTAL = 0.5
"""From this instrumentalness on Spotify takes a song for one without words."""
MOST_GENRES = 5

_YEAR = re.compile(r"(\d{4})(?:-|$)")
_REMASTER = re.compile(
    r"\s+[-\u2013]\s+[^-\u2013]*\bremaster(?:ed)?\b.*$|\s*[(\[][^)\]]*\bremaster[^)\]]*[)\]]", re.IGNORECASE
)
_WITH = re.compile(r"\s*[(\[](?:feat\.?|ft\.?|featuring|with)\s[^)\]]*[)\]]", re.IGNORECASE)
_COMMA = re.compile(r"(?<!\\),\s*")


@dataclass(frozen=True, slots=True)
class Song:
    """Describe one song of an export. `place` is None where the file does not say how it sounds."""

    key: str
    title: str
    artist: str
    year: int
    genres: tuple[str, ...]
    instrumental: bool
    explicit: bool
    place: Point | None


@dataclass(frozen=True, slots=True)
class Export:
    """Hold the songs of a file, each once, and one message for each line that is none."""

    songs: tuple[Song, ...]
    faults: tuple[str, ...]
    tells_explicit: bool


def parse_export(file: TextIO) -> Export:
    """Read an export from an open file (`utf-8-sig`, newlines as they are).

    A line that cannot be used is told and left out. Raises CatalogueError for a file that is no such export.
    """
    reader = csv.DictReader(file, strict=True)
    try:
        names = {column: _first(reader.fieldnames or (), known) for column, known in COLUMNS.items()}
        missing = [COLUMNS[column][0] for column in NEEDED if not names[column]]
        if missing:
            raise CatalogueError([f"The file has no column “{name}”." for name in missing])
        rows = [(reader.line_num, row) for row in reader]
    except (csv.Error, UnicodeDecodeError) as error:
        raise CatalogueError([f"After line {reader.line_num} the file is not CSV in UTF-8."]) from error
    songs: dict[str, Song] = {}
    faults: list[str] = []
    for line, row in rows:
        cells = {column: str(row.get(name) or "").strip() if name else "" for column, name in names.items()}
        try:
            song = _song(cells)
        except ValueError as error:
            faults.append(f"Line {line}: {error}")
            continue
        songs.setdefault(song.key, song)
    return Export(tuple(songs.values()), tuple(faults), bool(names["explicit"]))


def _first(columns: object, known: tuple[str, ...]) -> str:
    present = {str(name).strip().casefold(): str(name) for name in columns}  # type: ignore[attr-defined]
    return next((present[name.casefold()] for name in known if name.casefold() in present), "")


def _song(cells: Mapping[str, str]) -> Song:
    title = _WITH.sub("", _REMASTER.sub("", cells["title"])).strip() or cells["title"]
    artist = _credit(cells["artists"])
    if not title or not artist:
        raise ValueError("title or artist is empty.")
    if len(title) > LONGEST["title"] or len(artist) > LONGEST["artist"]:
        raise ValueError("title or artist is too long.")
    year = _YEAR.match(cells["released"])
    if not year or int(year[1]) < FIRST_YEAR:
        raise ValueError(f"{title}: its release date names no year.")
    genres = dict.fromkeys(name.strip().casefold() for name in re.split(r"[,;]", cells["genres"]) if name.strip())
    energy, valence = (_share(cells[name], f"{title}: {name}") for name in ("energy", "valence"))
    instrumentalness = _share(cells["instrumentalness"], f"{title}: instrumentalness")
    return Song(
        key=track_key(title, artist),
        title=title,
        artist=artist,
        year=int(year[1]),
        genres=tuple(genres)[:MOST_GENRES],
        instrumental=instrumentalness is not None and instrumentalness >= INSTRUMENTAL,
        explicit=cells["explicit"].casefold() == "true",
        place=None if energy is None or valence is None else Point(valence, energy),
    )


def _credit(cell: str) -> str:
    parts = cell.split(";") if ";" in cell else _COMMA.split(cell)
    names = [" ".join(part.replace("\\,", ",").split()) for part in parts if part.strip()]
    if len(names) < 2:
        return "".join(names)
    *others, last = names[1:]
    return f"{names[0]} feat. {' & '.join([', '.join(others), last] if others else [last])}"


def _share(text: str, what: str) -> float | None:
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not 0 <= value <= 1:
        raise ValueError(f"{what} {text!r} is not a number from 0 to 1.")
    return value
