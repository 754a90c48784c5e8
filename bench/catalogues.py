"""Made-up catalogues of any size, for measurements."""

from __future__ import annotations

import numpy as np

from recommendations.catalogue import CatalogueTrack

LANGUAGES = ("en", "es", "fr", "pt", "de", "it", "ja", "hi")
GENRES = 120
TRACKS_PER_ARTIST = 8


def synthetic(count: int, seed: int) -> list[CatalogueTrack]:
    """Return tracks spread over the plane, with as many genres as the starter catalogue has and eight to an artist.

    Genres are drawn with Zipf's weights, since a few of them hold most of any collection.
    """
    draw = np.random.default_rng(seed)
    places = draw.random((count, 2)).round(3)
    weights = 1 / np.arange(1, GENRES + 1)
    genres = draw.choice(GENRES, size=(count, 2), p=weights / weights.sum())
    artists = draw.integers(max(count // TRACKS_PER_ARTIST, 1), size=count)
    years = draw.integers(1950, 2025, size=count)
    return [
        CatalogueTrack(
            key=index,
            title=f"Song {index}",
            artist=f"Artist {artists[index]}",
            year=int(years[index]),
            genres=tuple(dict.fromkeys(f"genre {genre}" for genre in genres[index])),
            language=LANGUAGES[index % len(LANGUAGES)],
            instrumental=False,
            explicit=index % 20 == 0,
            valence=float(places[index, 0]),
            arousal=float(places[index, 1]),
            rated_by="synthetic",
        )
        for index in range(count)
    ]
