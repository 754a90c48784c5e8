"""From an expression to a set, without a database: what the site and the command `mood` share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ml.types import EMOTIONS, Emotion
from recommendations import circumplex
from recommendations.catalogue import Catalogue
from recommendations.circumplex import Mode, Point
from recommendations.ranking import Ranked, rank
from recommendations.reasons import reason


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
) -> Plan:
    """Return a set of up to `count` tracks for a reading; without a mode, in the one that suits the emotion.

    `scores` are the probabilities of all eight emotions, `emotion` the one that counts.
    """
    chosen = mode or circumplex.default_mode(emotion)
    start = circumplex.target(scores)
    way = circumplex.path(start, chosen, emotion, count)
    ranked = rank(catalogue, way, count=count, seed=seed, recent=recent)
    return Plan(
        mode=chosen,
        start=start.point,
        goal=circumplex.goal(start, chosen, emotion),
        tracks=tuple(Recommended(each, reason(each, chosen, emotion)) for each in ranked),
    )
