"""Read a music catalogue and hold it ready for ranking.

A catalogue file is CSV (UTF-8) with the columns of COLUMNS. Genres are separated by "|"; language is an
ISO 639-1 code (ISO 639-3 where part 1 has none) and empty for instrumental pieces; instrumental and
explicit are "true" or "false"; valence and arousal run from 0 to 1; rated_by says whose estimates they are.
"""

from __future__ import annotations

import csv
import re
import unicodedata
from collections import ChainMap, Counter
from collections.abc import Iterable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TextIO

import numpy as np
from numpy.typing import NDArray

from recommendations.circumplex import Point

STARTER = Path(__file__).parent / "catalogue" / "starter.csv"
"""The catalogue that ships with the project."""

COLUMNS = (
    "title",
    "artist",
    "year",
    "genres",
    "language",
    "instrumental",
    "explicit",
    "valence",
    "arousal",
    "rated_by",
)
LONGEST = {"title": 300, "artist": 300, "rated_by": 64}
"""How many letters the database has room for."""
FIRST_YEAR = 1900
GRID = 4
"""Cells per axis in which the coverage of the plane is counted."""

DECIMALS = 6
"""The decimals of valence and arousal that are told apart."""

_BOOLEANS = {"true": True, "false": False}
_LANGUAGE = re.compile(r"[a-z]{2,3}")
_GUESTS = re.compile(r"\s+[(\[]?(?:feat\.?|ft\.?|featuring)\s.*", re.IGNORECASE)
_GUEST_WORD = re.compile(r"^\s+[(\[]?(?:feat\.?|ft\.?|featuring)\s", re.IGNORECASE)
_AND = re.compile(r"\s*,\s*|\s+(?:&|and|\+|x)\s+", re.IGNORECASE)


class CatalogueError(Exception):
    """Report every fault of a catalogue file at once, one message a fault, each naming its line."""

    def __init__(self, messages: Sequence[str]) -> None:
        super().__init__("\n".join(messages))
        self.messages = tuple(messages)


@dataclass(frozen=True, slots=True)
class CatalogueTrack:
    """Describe one recording. The key is unique in its catalogue: a database id or the text of `track_key`."""

    key: int | str
    title: str
    artist: str
    year: int
    genres: tuple[str, ...]
    language: str
    instrumental: bool
    explicit: bool
    valence: float
    arousal: float
    rated_by: str

    @property
    def decade(self) -> int:
        """Return the first year of the decade."""
        return self.year // 10 * 10


@dataclass(frozen=True, slots=True)
class Statistics:
    """Count what a catalogue holds. `grid` is (row, column) -> tracks, rows by arousal, columns by valence."""

    tracks: int
    artists: int
    grid: Mapping[tuple[int, int], int]
    decades: Mapping[int, int]
    genres: Mapping[str, int]
    languages: Mapping[str, int]
    instrumental: int
    explicit: int


class Catalogue:
    """Hold tracks as arrays, in their given order, with their percentile on each axis.

    `valence_percentile` and `arousal_percentile` (float64, one per track, 0..1) are the midrank of each
    track in the catalogue's own distribution. `artists` (one integer per track) is equal for two tracks
    exactly when `artist_key` is. `decades` holds the first year of each track's decade, `genre_counts` how
    many genres it has. `explicit` is one boolean per track. Raises ValueError when two tracks share a key.
    """

    def __init__(self, tracks: Iterable[CatalogueTrack]) -> None:
        self.tracks = tuple(tracks)
        self._index: MutableMapping[int | str, int] = {track.key: index for index, track in enumerate(self.tracks)}
        if len(self._index) != len(self.tracks):
            raise ValueError("two tracks of a catalogue share a key")
        self.explicit = np.array([track.explicit for track in self.tracks], dtype=np.bool_)
        self._valence_axis = _Axis(np.array([track.valence for track in self.tracks], dtype=np.float64))
        self._arousal_axis = _Axis(np.array([track.arousal for track in self.tracks], dtype=np.float64))
        self.valence_percentile = self._valence_axis.percentiles
        self.arousal_percentile = self._arousal_axis.percentiles
        self._codes: dict[str, int] = {}
        self.artists = _coded(self.tracks, self._codes, {})
        self.decades = np.array([track.decade for track in self.tracks], dtype=np.int64)
        self.genre_counts = np.array([len(track.genres) for track in self.tracks], dtype=np.int64)
        by_genre: dict[str, list[int]] = {}
        by_language: dict[str, list[int]] = {}
        by_artist: dict[str, list[int]] = {}
        for index, track in enumerate(self.tracks):
            by_language.setdefault(track.language, []).append(index)
            for genre in track.genres:
                by_genre.setdefault(genre, []).append(index)
            for name in credited(track.artist):
                by_artist.setdefault(name, []).append(index)
        self._by_genre = {genre: np.array(indices, dtype=np.int64) for genre, indices in by_genre.items()}
        self._by_language = {code: np.array(indices, dtype=np.int64) for code, indices in by_language.items()}
        self._by_artist = {name: np.array(indices, dtype=np.int64) for name, indices in by_artist.items()}

    def __len__(self) -> int:
        return len(self.tracks)

    def percentile(self, point: Point) -> Point:
        """Return where a point of the plane falls in this catalogue's distribution, 0..1 on each axis.

        Between two tracks it is interpolated; the ends of the axes are 0 and 1.
        """
        return Point(self._valence_axis.percentile(point.valence), self._arousal_axis.percentile(point.arousal))

    def extended(self, own: Sequence[CatalogueTrack]) -> Catalogue:
        """Return this catalogue with one listener's own tracks behind its own, in a few milliseconds.

        The axes stay as they are: an own track lies at the percentile at which a target at its place would. So what
        one person brings moves nothing else. This catalogue is left alone. Raises ValueError when keys are shared.
        """
        if not own:
            return self
        more, merged = Catalogue(own), Catalogue([])
        if any(track.key in self._index for track in own):
            raise ValueError("two tracks of a catalogue share a key")
        vars(merged).update({name: kept for name, kept in vars(self).items() if name != "statistics"})
        size = len(self)
        valence = self._valence_axis.percentiles_of(np.array([track.valence for track in own], dtype=np.float64))
        arousal = self._arousal_axis.percentiles_of(np.array([track.arousal for track in own], dtype=np.float64))
        merged.tracks = self.tracks + more.tracks
        merged._index = ChainMap({key: size + index for key, index in more._index.items()}, self._index)
        # Their codes are looked up, not added: this catalogue is shared.
        merged.artists = np.concatenate([self.artists, _coded(own, {}, self._codes)])
        merged.valence_percentile = np.concatenate([self.valence_percentile, valence])
        merged.arousal_percentile = np.concatenate([self.arousal_percentile, arousal])
        merged.explicit = np.concatenate([self.explicit, more.explicit])
        merged.decades = np.concatenate([self.decades, more.decades])
        merged.genre_counts = np.concatenate([self.genre_counts, more.genre_counts])
        merged._by_genre = _appended(self._by_genre, more._by_genre, size)
        merged._by_language = _appended(self._by_language, more._by_language, size)
        merged._by_artist = _appended(self._by_artist, more._by_artist, size)
        return merged

    def with_keys(self, keys: Iterable[int | str]) -> NDArray[np.int64]:
        """Return the positions of the tracks with these keys; keys of other catalogues are passed over."""
        return np.array([self._index[key] for key in keys if key in self._index], dtype=np.int64)

    def in_languages(self, languages: Iterable[str]) -> NDArray[np.int64]:
        """Return the positions of the tracks sung in one of these languages ("" is without words)."""
        return _union(self._by_language, languages)

    def in_genres(self, genres: Iterable[str]) -> NDArray[np.int64]:
        """Return the positions of the tracks that carry one of these genres."""
        return _union(self._by_genre, genres)

    def by_artists(self, names: Iterable[str]) -> NDArray[np.int64]:
        """Return the positions of the tracks that these artists take part in, as guests too, in any spelling."""
        return _union(self._by_artist, {artist_key(name) for name in names})

    @cached_property
    def statistics(self) -> Statistics:
        """Count tracks by place on the plane, decade, genre and language."""
        cells = Counter((_cell(track.arousal), _cell(track.valence)) for track in self.tracks)
        return Statistics(
            tracks=len(self.tracks),
            artists=len(set(self.artists.tolist())),
            grid={(row, column): cells[row, column] for row in range(GRID) for column in range(GRID)},
            decades=dict(sorted(Counter(track.decade for track in self.tracks).items())),
            genres=dict(Counter(genre for track in self.tracks for genre in track.genres).most_common()),
            languages=dict(Counter(track.language for track in self.tracks if track.language).most_common()),
            instrumental=sum(track.instrumental for track in self.tracks),
            explicit=sum(track.explicit for track in self.tracks),
        )


class _Axis:
    """Map one axis of the plane to percentiles of the values that a catalogue has on it."""

    def __init__(self, values: NDArray[np.float64]) -> None:
        # Values that lie nearer together than any rating can tell would make slopes overflow below.
        levels, inverse, counts = np.unique(values.round(DECIMALS), return_inverse=True, return_counts=True)
        # Midranks: tracks of equal value share the middle of the ranks that they fill together.
        midranks = (np.cumsum(counts) - counts / 2) / max(len(values), 1)
        self.percentiles: NDArray[np.float64] = midranks[inverse]
        below = [0.0] if not len(levels) or levels[0] > 0 else []
        above = [1.0] if not len(levels) or levels[-1] < 1 else []
        self._levels = np.concatenate([below, levels, above])
        self._midranks = np.concatenate([below, midranks, above])

    def percentile(self, value: float) -> float:
        return float(self.percentiles_of(np.array(value)))

    def percentiles_of(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        found: NDArray[np.float64] = np.interp(values.round(DECIMALS), self._levels, self._midranks)
        return found


def track_key(title: str, artist: str) -> str:
    """Return the key of a recording by its words: equal for spellings that differ in case, accents or spaces."""
    return f"{artist_key(artist)}/{_fold(title)}"


def artist_key(artist: str) -> str:
    """Return who a track counts for: the artist without featured guests, case and accents."""
    return _fold(_GUESTS.sub("", artist))


def credited(artist: str) -> frozenset[str]:
    """Return the keys of everybody named in a credit: the artist, and each guest alone and all together."""
    found = _GUESTS.search(artist)
    guests = _GUEST_WORD.sub("", found.group()).strip(" )]") if found else ""
    names = {artist_key(artist), *(_fold(name) for name in [guests, *_AND.split(guests)])}
    return frozenset(names - {""})


def read_catalogue(path: Path) -> list[CatalogueTrack]:
    """Read and check a catalogue file.

    Raises CatalogueError with one message for each faulty line when a column is missing or unknown, a
    value does not fit its column, or a recording is listed twice; OSError when the file cannot be opened.
    """
    with path.open(encoding="utf-8-sig", newline="") as file:
        return parse_catalogue(file)


def parse_catalogue(file: TextIO) -> list[CatalogueTrack]:
    """Read and check a catalogue in an open file (`utf-8-sig`, newlines as they are), as `read_catalogue` does."""
    reader = csv.DictReader(file, strict=True)
    try:
        columns = tuple(reader.fieldnames or ())
        if sorted(columns) != sorted(COLUMNS):
            raise CatalogueError([f"line 1: the columns must be {', '.join(COLUMNS)}"])
        rows = [(reader.line_num, row) for row in reader]
    except (csv.Error, UnicodeDecodeError) as error:
        raise CatalogueError([f"after line {reader.line_num}: not CSV in UTF-8: {error}"]) from error

    tracks: list[CatalogueTrack] = []
    faults: list[str] = []
    lines: dict[int | str, int] = {}
    for line, row in rows:
        try:
            track = _track(row)
        except ValueError as error:
            faults.append(f"line {line}: {error}")
            continue
        if track.key in lines:
            faults.append(f"line {line}: {track.artist}, {track.title}: already on line {lines[track.key]}")
            continue
        lines[track.key] = line
        tracks.append(track)
    if faults:
        raise CatalogueError(faults)
    return tracks


def _track(row: Mapping[str | None, str | list[str] | None]) -> CatalogueTrack:
    cells = {name: cell.strip() for name, cell in row.items() if name is not None and isinstance(cell, str)}
    if len(cells) != len(COLUMNS) or None in row:
        raise ValueError(f"has not {len(COLUMNS)} cells")
    for name in ("title", "artist", "genres", "rated_by"):
        if not cells[name]:
            raise ValueError(f"{name} is empty")
    for name, longest in LONGEST.items():
        if len(cells[name]) > longest:
            raise ValueError(f"{name} has more than {longest} letters")
    genres = tuple(genre.strip() for genre in cells["genres"].split("|"))
    if not all(genres) or len(set(genres)) != len(genres):
        raise ValueError(f"genres {cells['genres']!r} has an empty or repeated name")
    instrumental = _boolean(cells, "instrumental")
    language = cells["language"]
    if instrumental is bool(language):
        raise ValueError("language must be empty for an instrumental piece and given for any other")
    if language and not _LANGUAGE.fullmatch(language):
        raise ValueError(f"language {language!r} is not a code of two or three small letters")
    return CatalogueTrack(
        key=track_key(cells["title"], cells["artist"]),
        title=cells["title"],
        artist=cells["artist"],
        year=_year(cells["year"]),
        genres=genres,
        language=language,
        instrumental=instrumental,
        explicit=_boolean(cells, "explicit"),
        valence=_share(cells, "valence"),
        arousal=_share(cells, "arousal"),
        rated_by=cells["rated_by"],
    )


def _year(text: str) -> int:
    latest = datetime.now(UTC).year
    if not (text.isascii() and text.isdigit()) or not FIRST_YEAR <= int(text) <= latest:
        raise ValueError(f"year {text!r} is not a whole number from {FIRST_YEAR} to {latest}")
    return int(text)


def _share(cells: Mapping[str, str], name: str) -> float:
    try:
        value = float(cells[name])
    except ValueError:
        value = float("nan")
    if not 0 <= value <= 1:
        raise ValueError(f"{name} {cells[name]!r} is not a number from 0 to 1")
    return value


def _boolean(cells: Mapping[str, str], name: str) -> bool:
    if cells[name] not in _BOOLEANS:
        raise ValueError(f"{name} {cells[name]!r} is neither true nor false")
    return _BOOLEANS[cells[name]]


def _fold(text: str) -> str:
    # Only Latin, Greek and Cyrillic accents are dropped: in other scripts a combining mark changes the word.
    plain = "".join(c for c in unicodedata.normalize("NFKD", text) if not "\u0300" <= c <= "\u036f")
    return " ".join(plain.casefold().split())


def _cell(value: float) -> int:
    return min(int(value * GRID), GRID - 1)


def _coded(tracks: Sequence[CatalogueTrack], codes: dict[str, int], known: Mapping[str, int]) -> NDArray[np.int64]:
    """Return a number for each track's artist: the known one, else one that is added to `codes`."""
    keys = [artist_key(track.artist) for track in tracks]
    numbers = [known[key] if key in known else codes.setdefault(key, len(known) + len(codes)) for key in keys]
    return np.array(numbers, dtype=np.int64)


def _appended(
    positions: Mapping[str, NDArray[np.int64]], more: Mapping[str, NDArray[np.int64]], size: int
) -> dict[str, NDArray[np.int64]]:
    none = np.array([], dtype=np.int64)
    return {**positions, **{name: np.concatenate([positions.get(name, none), more[name] + size]) for name in more}}


def _union(positions: Mapping[str, NDArray[np.int64]], names: Iterable[str]) -> NDArray[np.int64]:
    found = [positions[name] for name in names if name in positions]
    return np.concatenate(found) if found else np.array([], dtype=np.int64)
