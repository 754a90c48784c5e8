"""Correct a track's place on the plane by what many listeners said: slowly, within bounds, and only as a proposal.

The rating of a track is a guess with a normal error; each listener is one more noisy observation of where the track
lies, and the proposal is the mean of the posterior (normal prior, normal likelihood, known variances: Gelman et al.
2013, "Bayesian Data Analysis", 3rd ed., section 2.5):

    (rating x WEIGHT + sum of the observations) / (WEIGHT + listeners)

Praise observes the track at the point that it answered. "Wrong mood" observes it as far on the other side of its
rating: it should lie away from there. A listener has one voice, the mean of all that she said, so that nobody counts
twice. Praise that comes where the rating had put the track confirms it, and so it should.

No proposal comes from fewer than LISTENERS people, and it tells no more than their number and a rounded share.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from recommendations.circumplex import Point

LISTENERS = 10
"""Fewer people could be recognised by what they said."""
RATING_SD = 0.1
"""How far an editorial estimate errs. Warriner et al. 2013 report sds of single raters near .2; a mean errs less."""
VOICE_SD = 0.25
"""How far one listener's word errs: sets are soft, and a song may please for other reasons."""
WEIGHT = (VOICE_SD / RATING_SD) ** 2
LARGEST_MOVE = 0.1
"""How far one proposal may move a track on each axis."""
LARGEST_DRIFT = 0.25
"""How far all proposals together may move it from where it first was."""
SMALLEST_MOVE = 0.02
"""Less is not worth an administrator's look."""


@dataclass(frozen=True, slots=True)
class Voice:
    """Hold one word of one listener: where the track was to fit, and whether it did."""

    listener: int
    place: Point
    fits: bool


@dataclass(frozen=True, slots=True)
class Correction:
    """Hold the place that is proposed, how many people spoke, and the share of "wrong mood" to the nearest tenth."""

    place: Point
    listeners: int
    wrong_mood_percent: int


def propose(rating: Point, first: Point, voices: Iterable[Voice]) -> Correction | None:
    """Return where a track should lie that is rated `rating` and was `first` before any correction, or None."""
    by_listener: defaultdict[int, list[Voice]] = defaultdict(list)
    for voice in voices:
        by_listener[voice.listener].append(voice)
    if len(by_listener) < LISTENERS:
        return None
    seen = [_observed(rating, said) for said in by_listener.values()]
    place = Point(
        _moved(rating.valence, first.valence, [point.valence for point in seen]),
        _moved(rating.arousal, first.arousal, [point.arousal for point in seen]),
    )
    if max(abs(place.valence - rating.valence), abs(place.arousal - rating.arousal)) < SMALLEST_MOVE:
        return None
    wrong = sum(sum(not voice.fits for voice in said) / len(said) for said in by_listener.values())
    return Correction(place, len(seen), round(10 * wrong / len(seen)) * 10)


def _observed(rating: Point, said: list[Voice]) -> Point:
    places = [v.place if v.fits else Point(*(2 * r - p for r, p in zip(rating, v.place, strict=True))) for v in said]
    return Point(sum(p.valence for p in places) / len(places), sum(p.arousal for p in places) / len(places))


def _moved(rating: float, first: float, observed: list[float]) -> float:
    mean = (rating * WEIGHT + sum(observed)) / (WEIGHT + len(observed))
    low = max(rating - LARGEST_MOVE, first - LARGEST_DRIFT, 0.0)
    high = min(rating + LARGEST_MOVE, first + LARGEST_DRIFT, 1.0)
    # A rating that somebody else moved beyond the drift stays where it is.
    return round(min(max(mean, min(low, rating)), max(high, rating)), 3)
