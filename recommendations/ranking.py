"""Choose a set of tracks for a path on the plane.

The k-th track of a set answers the k-th target. Distances are taken in the catalogue's percentiles, since
absolute targets leave holes: few recordings are as angry as an angry face. Song-level valence is noisy in
every source, so nothing is cut off at a distance: a track's chance falls softly with it.

At each rank a track's chance is its share of the scores of all tracks that are still open. The draws come
from the seed alone, so the same arguments always give the same set.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recommendations.catalogue import Catalogue, CatalogueTrack
from recommendations.circumplex import Point, Target
from recommendations.learning import NO_TASTE, Cell, Taste, cell_of

SOFTNESS = 0.06
"""The distance, in percentiles, at which a track's fit has fallen to exp(-1/2) = .61.

On an evenly covered plane it leaves about 2 pi SOFTNESS^2 = 2 % of a catalogue a good chance, and the
median distance of what is chosen is 1.2 times this.
"""
WIDE_SD = 0.25
"""The standard deviation of a reading that halves an axis's weight."""
RECENT = 0.05
"""What remains of the score of a track that was played recently."""
OTHER_LANGUAGE = 0.1
"""What remains of the score of a track in none of the preferred languages."""
OTHER_GENRE = 0.25
"""What remains of the score of a track of none of the preferred genres."""
OTHER_ERA = 0.25
"""What remains of the score of a track of none of the preferred decades."""
OWN = 4.0
"""How much likelier a track of the listener's own playlists is: they are few beside a catalogue."""


@dataclass(frozen=True, slots=True)
class Preferences:
    """Hold what a listener likes; the default has no preference.

    Preferred languages, genres and eras (decades by their first year) push the others down, not out: a set
    stays full. Pieces without words suit every language. Explicit recordings are left out altogether when
    they are not allowed, and so is whatever a blocked artist (by name, in any spelling) takes part in.
    """

    languages: AbstractSet[str] = frozenset()
    genres: AbstractSet[str] = frozenset()
    eras: AbstractSet[int] = frozenset()
    blocked_artists: AbstractSet[str] = frozenset()
    allow_explicit: bool = True


NO_PREFERENCE = Preferences()


@dataclass(frozen=True, slots=True)
class Ranked:
    """Hold one chosen track, the target that it answers, and every number that led to the choice.

    `rank` counts from 1. `distance` is weighted and in percentiles. `score` is above 0: fit x novelty x language x
    genre x era x own x personal. All of these are at most 1 but the last two: OWN for a track of the listener's own
    playlists, and the odds that it suits her (`learning`), which are 1 where nothing is known of her. `numbers` holds
    these factors, both places in percentiles, the target on the plane, the weights of the axes, and the chance that
    the track had of being chosen at its rank.
    """

    track: CatalogueTrack
    rank: int
    score: float
    distance: float
    target: Point
    numbers: Mapping[str, float]


def rank(
    catalogue: Catalogue,
    targets: Sequence[Target],
    *,
    count: int,
    seed: int,
    recent: Iterable[int | str] = (),
    without: Iterable[int | str] = (),
    own: Iterable[int | str] = (),
    preferences: Preferences = NO_PREFERENCE,
    taste: Taste = NO_TASTE,
) -> list[Ranked]:
    """Choose up to `count` tracks, the k-th for the k-th target; past the last target the path has arrived.

    No artist comes twice while there is another one to choose; no track ever does. Whoever asked for "more like"
    a track gets one of its kin in the same mood, at the place that suits it best. `recent` holds the keys
    of tracks that were played lately, `without` those of tracks that must not come at all, `own` those that
    stand in her own playlists. Fewer tracks come back only when the catalogue allows no more. Raises ValueError
    when `targets` is empty, or `count` or `seed` below 0.
    """
    if not targets or count < 0:
        raise ValueError("ranking needs at least one target and a count from 0 up")
    factors = _factors(catalogue, recent, own, preferences)
    generator = np.random.default_rng(seed)
    standing = np.sum([np.log(factor) for factor in factors.values()], axis=0)
    personal = _Personal(catalogue, taste)
    open_tracks = np.ones(len(catalogue), dtype=np.bool_)
    open_tracks[catalogue.with_keys(without)] = False
    if not preferences.allow_explicit:
        open_tracks &= ~catalogue.explicit
    open_tracks[catalogue.by_artists(preferences.blocked_artists)] = False
    fresh_artists = open_tracks.copy()

    places = min(count, int(open_tracks.sum()))
    wish = _wish(catalogue, [targets[min(place, len(targets) - 1)] for place in range(places)], taste, open_tracks)
    chosen: list[Ranked] = []
    for place in range(places):
        target = targets[min(place, len(targets) - 1)]
        if not fresh_artists.any():
            fresh_artists = open_tracks.copy()
        eligible = fresh_artists
        if wish and place == wish.place and (wish.kin & fresh_artists).any():
            eligible = wish.kin & fresh_artists
        weights = effective_weights(target)
        distances = _distances(catalogue, target, weights)
        odds = personal.at(target.point)
        chances = _chances(np.where(eligible, standing + np.log(odds) + _log_fit(distances), -np.inf))
        best = int(generator.choice(len(catalogue), p=chances))
        open_tracks[best] = False
        fresh_artists &= open_tracks & (catalogue.artists != catalogue.artists[best])
        if wish and wish.kin[best]:
            wish = None
        shares = {**factors, "personal": odds}
        chosen.append(
            _ranked(catalogue, best, place + 1, target, weights, float(distances[best]), shares, float(chances[best]))
        )
    return chosen


def effective_weights(target: Target) -> Point:
    """Return each axis's weight after the uncertainty of the reading: wide readings hold the music less tightly."""
    return Point(
        target.weights.valence / (1 + (target.sd.valence / WIDE_SD) ** 2),
        target.weights.arousal / (1 + (target.sd.arousal / WIDE_SD) ** 2),
    )


@dataclass(frozen=True, slots=True)
class _Wish:
    """Keep a place for a track like the one that somebody asked for more of, unless one comes before."""

    place: int
    kin: NDArray[np.bool_]


def _wish(
    catalogue: Catalogue, targets: Sequence[Target], taste: Taste, open_tracks: NDArray[np.bool_]
) -> _Wish | None:
    asked = taste.asked_for(catalogue)
    if asked is None:
        return None
    cell, positions = asked
    kin = np.zeros(len(catalogue), dtype=np.bool_)
    kin[positions] = open_tracks[positions]
    places = [place for place, target in enumerate(targets) if cell_of(target.point) == cell]
    if not places or not kin.any():
        return None
    nearest = {
        place: _distances(catalogue, targets[place], effective_weights(targets[place]))[kin].min() for place in places
    }
    return _Wish(min(places, key=lambda place: nearest[place]), kin)


class _Personal:
    """Keep the odds of one listener's taste for each cell of the plane that a path comes through."""

    def __init__(self, catalogue: Catalogue, taste: Taste) -> None:
        self._catalogue, self._taste = catalogue, taste
        self._known: dict[Cell, NDArray[np.float64]] = {}

    def at(self, place: Point) -> NDArray[np.float64]:
        cell = cell_of(place)
        if cell not in self._known:
            self._known[cell] = self._taste.odds(self._catalogue, place)
        return self._known[cell]


def _factors(
    catalogue: Catalogue, recent: Iterable[int | str], own: Iterable[int | str], preferences: Preferences
) -> dict[str, NDArray[np.float64]]:
    novelty = np.ones(len(catalogue))
    novelty[catalogue.with_keys(recent)] = RECENT
    language = np.full(len(catalogue), OTHER_LANGUAGE if preferences.languages else 1.0)
    language[catalogue.in_languages({*preferences.languages, ""})] = 1.0
    genre = np.full(len(catalogue), OTHER_GENRE if preferences.genres else 1.0)
    genre[catalogue.in_genres(preferences.genres)] = 1.0
    # A track of which no genre is known is of no other one.
    genre[catalogue.genre_counts == 0] = 1.0
    era = np.full(len(catalogue), OTHER_ERA if preferences.eras else 1.0)
    era[np.isin(catalogue.decades, list(preferences.eras))] = 1.0
    mine = np.ones(len(catalogue))
    mine[catalogue.with_keys(own)] = OWN
    return {"novelty": novelty, "language": language, "genre": genre, "era": era, "own": mine}


def _distances(catalogue: Catalogue, target: Target, weights: Point) -> NDArray[np.float64]:
    place = catalogue.percentile(target.point)
    squares: NDArray[np.float64] = (
        weights.valence * (catalogue.valence_percentile - place.valence) ** 2
        + weights.arousal * (catalogue.arousal_percentile - place.arousal) ** 2
    )
    return np.sqrt(squares)


def _log_fit(distances: NDArray[np.float64]) -> NDArray[np.float64]:
    return -((distances / SOFTNESS) ** 2) / 2


def _chances(log_scores: NDArray[np.float64]) -> NDArray[np.float64]:
    # The largest is taken out first, so that a set of remote tracks does not vanish below the smallest number.
    scores = np.exp(log_scores - log_scores.max())
    shares: NDArray[np.float64] = scores / scores.sum()
    return shares


def _ranked(
    catalogue: Catalogue,
    index: int,
    place: int,
    target: Target,
    weights: Point,
    distance: float,
    factors: Mapping[str, NDArray[np.float64]],
    chance: float,
) -> Ranked:
    aim = catalogue.percentile(target.point)
    shares = {
        "fit": math.exp(-((distance / SOFTNESS) ** 2) / 2),
        **{name: float(factor[index]) for name, factor in factors.items()},
    }
    return Ranked(
        track=catalogue.tracks[index],
        rank=place,
        score=math.prod(shares.values()),
        distance=distance,
        target=target.point,
        numbers={
            **shares,
            "valence_percentile": float(catalogue.valence_percentile[index]),
            "arousal_percentile": float(catalogue.arousal_percentile[index]),
            "target_valence_percentile": aim.valence,
            "target_arousal_percentile": aim.arousal,
            "target_valence": target.point.valence,
            "target_arousal": target.point.arousal,
            "valence_weight": weights.valence,
            "arousal_weight": weights.arousal,
            "chance": chance,
        },
    )
