"""From an expression to a set, without a database: what the site and the command `mood` share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from ml.types import EMOTIONS, Emotion
from recommendations import circumplex
from recommendations.catalogue import Catalogue, CatalogueTrack
from recommendations.circumplex import Mode, Point, Target
from recommendations.learning import NO_TASTE, Taste
from recommendations.ranking import NO_PREFERENCE, Preferences, Ranked, rank
from recommendations.reasons import FROM_PLAYLISTS, because, reason


@dataclass(frozen=True, slots=True)
class Listener:
    """Hold what is known of the person who listens.

    `own` are tracks of her own that the catalogue lacks. `playlists` are the keys of all that stands in the playlists
    she brought, in the catalogue or not.
    """

    preferences: Preferences = NO_PREFERENCE
    taste: Taste = NO_TASTE
    own: tuple[CatalogueTrack, ...] = ()
    playlists: frozenset[int | str] = frozenset()


ANYBODY = Listener()


@dataclass(frozen=True, slots=True)
class Recommended:
    """Hold one ranked track and the sentence that says why."""

    ranked: Ranked
    reason: str


@dataclass(frozen=True, slots=True)
class Plan:
    """Hold a whole set: its mode, where it starts, where it leads, and its tracks in order."""

    mode: Mode
    start: Point
    goal: Point
    tracks: tuple[Recommended, ...]


def certain(emotion: Emotion) -> dict[Emotion, float]:
    """Return the distribution of somebody who told us what she feels."""
    return {e: float(e is emotion) for e in EMOTIONS}


def plan(
    catalogue: Catalogue,
    scores: Mapping[Emotion, float],
    emotion: Emotion,
    *,
    mode: Mode | None,
    count: int,
    seed: int,
    recent: Iterable[int | str] = (),
    without: Iterable[int | str] = (),
    listener: Listener = ANYBODY,
) -> Plan:
    """Return a set of up to `count` tracks for a reading; without a mode, in the one that suits the emotion.

    `scores` are the probabilities of all eight emotions, `emotion` the one that counts.
    """
    chosen = mode or circumplex.default_mode(emotion)
    start = circumplex.target(scores)
    way = circumplex.path(start, chosen, emotion, count)
    return Plan(
        mode=chosen,
        start=start.point,
        goal=circumplex.goal(start, chosen, emotion),
        tracks=follow(
            catalogue, way, chosen, emotion, count=count, seed=seed, recent=recent, without=without, listener=listener
        ),
    )


def follow(
    catalogue: Catalogue,
    way: Sequence[Target],
    mode: Mode,
    emotion: Emotion,
    *,
    count: int,
    seed: int,
    first: int = 1,
    recent: Iterable[int | str] = (),
    without: Iterable[int | str] = (),
    listener: Listener = ANYBODY,
) -> tuple[Recommended, ...]:
    """Return up to `count` tracks along a way, each with its reason.

    `first` is the rank of the first one: more than 1 where the way goes on from tracks that were heard, which are
    named in `without`.
    """
    ranked = rank(
        catalogue.extended(listener.own),
        way,
        count=count,
        seed=seed,
        recent=recent,
        without=without,
        own=listener.playlists,
        preferences=listener.preferences,
        taste=listener.taste,
    )
    placed = [replace(each, rank=each.rank + first - 1) for each in ranked]
    return tuple(Recommended(each, _reason(each, mode, emotion, listener)) for each in placed)


def _reason(each: Ranked, mode: Mode, emotion: Emotion, listener: Listener) -> str:
    own = FROM_PLAYLISTS if each.track.key in listener.playlists else ""
    return f"{reason(each, mode, emotion)}{because(each, listener.taste)}{own}"
