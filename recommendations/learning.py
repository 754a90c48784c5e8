"""Learn from what a listener says about tracks: a hierarchical Beta-Bernoulli model of "this suits me now".

Each verdict is evidence for or against its track, its artist and its genres, in general and in one cell of the mood
plane (the cell of the point that the track was meant to answer). The chance that a track suits is estimated from the
general to the particular: genre, genre in this cell, artist, artist in this cell, track. Each level is the posterior
mean of a Beta prior whose mean is the level above and whose strength is a number of imagined verdicts:

    mean = (for + strength x mean above) / (for + against + strength)

so that little evidence changes little, and much evidence on a level outweighs what lies above it (partial pooling:
Gelman et al. 2013, "Bayesian Data Analysis", 3rd ed., chapter 5; the plug-in of the level above is the back-off of
MacKay & Bauman Peto 1995, "A hierarchical Dirichlet language model", Natural Language Engineering 1(3)). What a level
counts is also counted on the levels above it, as it is there.

Ranking multiplies a track's score by the odds of this chance, which is Bayes' rule if taste and mood are independent
given the track. It then draws in proportion to the score, so what is not known yet keeps a chance to be tried: the
contextual bandit's exploration by probability matching (Li et al. 2010, "A contextual-bandit approach to personalized
news article recommendation", WWW; Russo et al. 2018, "A tutorial on Thompson sampling", for the alternatives).
`bench/learning.py` simulates what this gains.

Without evidence every chance is exactly one half and every odds exactly 1.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from recommendations.catalogue import Catalogue, CatalogueTrack, artist_key
from recommendations.circumplex import Point

EVEN_CHANCE = 0.5
CELL_EDGES = (0.4, 0.6)
"""Where the plane is cut on each axis: low, middle, high. The emotions of `ml.affect` fall into cells of their own but
for anger, disgust and fear, which share one: they lie within .12 of each other."""
GENRE_STRENGTH = 12.0
GENRE_CELL_STRENGTH = 6.0
ARTIST_STRENGTH = 3.0
ARTIST_CELL_STRENGTH = 3.0
TRACK_STRENGTH = 0.25
"""How many imagined verdicts the level above is worth. Genres are broad, so they need much evidence; a word about the
very track weighs more than all guesses about it."""
BOUND = 20.0
"""The largest odds, and the inverse of the smallest: taste bends a set, it does not break it off from the mood."""

Cell = tuple[int, int]


class Kind(StrEnum):
    """Name what can be said about a track."""

    LIKE = "like"
    MORE = "more"
    NOT_THIS_MOOD = "not_this_mood"
    SKIP = "skip"
    DISLIKE = "dislike"


EVIDENCE: Mapping[Kind, tuple[float, float]] = {
    Kind.LIKE: (1.0, 0.0),
    Kind.MORE: (2.0, 0.0),
    Kind.NOT_THIS_MOOD: (0.0, 1.0),
    # A skip may have other reasons than the music.
    Kind.SKIP: (0.0, 0.4),
    Kind.DISLIKE: (0.0, 1.0),
}
"""Verdicts for and against that each word counts for."""
PRAISE = frozenset({Kind.LIKE, Kind.MORE})
OPPOSITES: Mapping[Kind, frozenset[Kind]] = {
    Kind.LIKE: frozenset({Kind.DISLIKE}),
    Kind.MORE: frozenset({Kind.DISLIKE, Kind.SKIP}),
    Kind.NOT_THIS_MOOD: frozenset(),
    Kind.SKIP: frozenset({Kind.MORE}),
    Kind.DISLIKE: frozenset({Kind.LIKE, Kind.MORE}),
}
"""What cannot be said of one track at one time: the later word replaces the earlier ones."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Hold what a listener said about one track, and the point of the plane that it was meant to answer."""

    track: int | str
    title: str
    artist: str
    genres: tuple[str, ...]
    place: Point
    kind: Kind


def cell_of(point: Point) -> Cell:
    """Return the cell of the plane in which a point lies: 0 to 2 on each axis."""
    return bisect_right(CELL_EDGES, point.valence), bisect_right(CELL_EDGES, point.arousal)


class _Counts:
    """Count the verdicts for and against each name of one level."""

    def __init__(self) -> None:
        self._counts: defaultdict[object, list[float]] = defaultdict(lambda: [0.0, 0.0])

    def add(self, name: object, evidence: tuple[float, float]) -> None:
        counted = self._counts[name]
        counted[0] += evidence[0]
        counted[1] += evidence[1]

    def mean(self, name: object, above: float | NDArray[np.float64], strength: float) -> float | NDArray[np.float64]:
        good, bad = self._counts.get(name, (0.0, 0.0))
        return (good + strength * above) / (good + bad + strength)


class Taste:
    """Estimate how well tracks suit one listener, from her verdicts, the oldest first."""

    def __init__(self, verdicts: Iterable[Verdict] = ()) -> None:
        self.verdicts = tuple(verdicts)
        self._genres, self._genres_in = _Counts(), _Counts()
        self._artists, self._artists_in = _Counts(), _Counts()
        self._tracks = _Counts()
        self._names: dict[str, None] = {}
        for verdict in self.verdicts:
            self._count(verdict)

    def _count(self, verdict: Verdict) -> None:
        evidence, cell, artist = EVIDENCE[verdict.kind], cell_of(verdict.place), artist_key(verdict.artist)
        self._names[artist] = None
        for genre in verdict.genres:
            self._genres_in.add((genre, cell), evidence)
        self._artists_in.add((artist, cell), evidence)
        if verdict.kind is Kind.NOT_THIS_MOOD:
            # It blames the moment: elsewhere on the plane the track may be welcome.
            self._tracks.add((verdict.track, cell), evidence)
            return
        for genre in verdict.genres:
            self._genres.add(genre, evidence)
        self._artists.add(artist, evidence)
        self._tracks.add(verdict.track, evidence)

    def odds(self, catalogue: Catalogue, place: Point) -> NDArray[np.float64]:
        """Return for each track the odds that it suits at a point of the plane: 1 where nothing is known.

        Shape (tracks,), within 1 / BOUND and BOUND.
        """
        chance = np.full(len(catalogue), EVEN_CHANCE)
        if not self.verdicts:
            return np.ones(len(catalogue))
        cell = cell_of(place)
        for genre in sorted({genre for verdict in self.verdicts for genre in verdict.genres}):
            mean = self._genres.mean(genre, EVEN_CHANCE, GENRE_STRENGTH)
            mean = self._genres_in.mean((genre, cell), mean, GENRE_CELL_STRENGTH)
            tracks = catalogue.in_genres([genre])
            # A track of several genres takes the mean of their chances.
            chance[tracks] += (mean - EVEN_CHANCE) / catalogue.genre_counts[tracks]
        for artist in self._names:
            tracks = catalogue.by_artists([artist])
            means = self._artists.mean(artist, chance[tracks], ARTIST_STRENGTH)
            chance[tracks] = self._artists_in.mean((artist, cell), means, ARTIST_CELL_STRENGTH)
        for key in dict.fromkeys(verdict.track for verdict in self.verdicts):
            tracks = catalogue.with_keys([key])
            means = self._tracks.mean(key, chance[tracks], TRACK_STRENGTH)
            chance[tracks] = self._tracks.mean((key, cell), means, TRACK_STRENGTH)
        # The mean of a Beta with a proper prior is never 0 or 1, so the odds are finite before they are bounded.
        bounded: NDArray[np.float64] = np.clip(chance / (1 - chance), 1 / BOUND, BOUND)
        return bounded

    def asked_for(self, catalogue: Catalogue) -> tuple[Cell, NDArray[np.int64]] | None:
        """Return the mood in which "more like this" was said last, and the positions of the track's kin.

        Kin is of the same artist or genre, and not the track itself. None when nothing was asked for.
        """
        for verdict in reversed(self.verdicts):
            if verdict.kind is Kind.MORE:
                near = [catalogue.by_artists([verdict.artist]), catalogue.in_genres(verdict.genres)]
                kin = np.setdiff1d(np.concatenate(near), catalogue.with_keys([verdict.track]))
                return cell_of(verdict.place), kin
        return None

    def owed_to(self, track: CatalogueTrack) -> Verdict | None:
        """Return the latest praise that speaks for a track: of itself, else of its artist, else of a shared genre."""
        praise = [verdict for verdict in reversed(self.verdicts) if verdict.kind in PRAISE]
        artist, genres = artist_key(track.artist), set(track.genres)
        for verdict in praise:
            if verdict.track == track.key:
                return verdict
        for verdict in praise:
            if artist_key(verdict.artist) == artist:
                return verdict
        return next((verdict for verdict in praise if genres & set(verdict.genres)), None)


NO_TASTE = Taste()
