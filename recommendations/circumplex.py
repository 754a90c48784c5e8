"""Place a reading on the valence-arousal plane and plan where the music goes from there.

Both axes run from 0 to 1. Valence is how pleasant, arousal how energetic (Russell 1980, "A circumplex
model of affect"). The emotions' places on the plane are the published norms of `ml.affect`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from ml.affect import affect
from ml.types import Emotion

LONGEST_STEP = 0.25
"""The longest move between two points of a shift, in units of the plane."""


class Mode(StrEnum):
    """Name what the listener wants the music to do.

    The names follow the regulation strategies of Saarikallio 2008 in plain words: stay with the mood,
    lead it gently elsewhere (the iso principle), lift it at once, keep what is good.
    """

    MATCH = "match"
    SHIFT = "shift"
    LIFT = "lift"
    KEEP = "keep"


class Point(NamedTuple):
    """Hold a valence and an arousal, each from 0 to 1; also the spread or the weight of each axis."""

    valence: float
    arousal: float


CALM = Point(0.78, 0.10)
"""Where "calm" lies in Warriner et al. 2013 (.74, .08) and in the NRC VAD lexicon (.88, .10)."""
MILDLY_POSITIVE = Point(0.70, 0.45)
LIFTED = Point(0.85, 0.70)

GOALS: Mapping[Emotion, Point] = {
    Emotion.ANGER: CALM,
    Emotion.DISGUST: CALM,
    Emotion.FEAR: CALM,
    Emotion.SURPRISE: CALM,
    Emotion.HAPPINESS: CALM,
    Emotion.SADNESS: MILDLY_POSITIVE,
    Emotion.NEUTRAL: MILDLY_POSITIVE,
    Emotion.CONTEMPT: MILDLY_POSITIVE,
}
"""Where a shift leads. High arousal winds down to calm; what is already low or unclear turns mildly positive.

Contempt is the class that networks mistake most (recall 4 % in Barsoum et al. 2016), mostly for neutral:
its goal is the one that also suits a neutral face.
"""

EVEN = Point(1.0, 1.0)
CERTAIN = Point(0.0, 0.0)
AXIS_WEIGHTS: Mapping[Emotion, Point] = {
    Emotion.ANGER: EVEN,
    Emotion.DISGUST: EVEN,
    Emotion.FEAR: EVEN,
    Emotion.HAPPINESS: EVEN,
    # Listeners hear sad music as low in energy far more than as low in valence (Eerola & Vuoskoski 2011).
    Emotion.SADNESS: Point(0.5, 1.5),
    # Surprise is pleasant or unpleasant; a face does not say which.
    Emotion.SURPRISE: Point(0.0, 1.0),
    # A neutral face says little on either axis.
    Emotion.NEUTRAL: Point(0.5, 0.5),
    Emotion.CONTEMPT: Point(0.5, 0.5),
}
"""How strongly each emotion ties the music to its place, per axis."""

_KEPT = frozenset({Emotion.HAPPINESS, Emotion.SURPRISE, Emotion.NEUTRAL})


@dataclass(frozen=True, slots=True)
class Target:
    """Say where the music should lie: the point, its standard deviation and its weight on each axis."""

    point: Point
    sd: Point = CERTAIN
    weights: Point = EVEN


def default_mode(emotion: Emotion) -> Mode:
    """Return the mode that is chosen until the listener chooses: keep what is pleasant or even, shift the rest.

    Contempt shifts too: it is unpleasant, and a gentle way to a mildly positive point does no harm to
    somebody whose neutral face was misread.
    """
    return Mode.KEEP if emotion in _KEPT else Mode.SHIFT


def target(scores: Mapping[Emotion, float]) -> Target:
    """Return the place of a reading: the probability-weighted mean of its emotions, not its dominant one.

    The standard deviation is that of the mixture: two likely emotions that lie far apart make a wide
    target, and ranking then holds the music less tightly. Raises ValueError as `ml.affect.affect` does.
    """
    place = affect(scores)
    total = math.fsum(scores.values())
    return Target(
        point=Point(place.valence, place.arousal),
        sd=Point(place.valence_sd, place.arousal_sd),
        weights=Point(
            math.fsum(score * AXIS_WEIGHTS[emotion].valence for emotion, score in scores.items()) / total,
            math.fsum(score * AXIS_WEIGHTS[emotion].arousal for emotion, score in scores.items()) / total,
        ),
    )


def goal(start: Target, mode: Mode, emotion: Emotion) -> Point:
    """Return the point at which a mode's music ends."""
    if mode is Mode.SHIFT:
        return GOALS[emotion]
    return LIFTED if mode is Mode.LIFT else start.point


def path(start: Target, mode: Mode, emotion: Emotion, steps: int) -> list[Target]:
    """Return one target per track, at least `steps` of them, from where the music begins to the goal.

    Match and keep stay at the start; they differ in what the listener asked for and in the words. Lift is
    at its goal from the first track. Shift begins at the start and moves evenly along a straight line;
    when `steps` would make a move longer than LONGEST_STEP the path has more points than asked for.
    Along the way the spread and weights of the reading give way to those of the goal, which is certain.
    Raises ValueError when `steps` is below 1.
    """
    if steps < 1:
        raise ValueError("a path has at least one step")
    end = goal(start, mode, emotion)
    if mode is Mode.LIFT:
        return [Target(end)] * steps
    if mode is not Mode.SHIFT:
        return [start] * steps
    # A hair above the bound is rounding, not a reason for another step.
    moves = max(math.ceil(math.dist(start.point, end) / LONGEST_STEP - 1e-9), steps - 1)
    if moves == 0:
        return [Target(end)]
    shares = [move / moves for move in range(moves + 1)]
    return [
        Target(
            point=_between(start.point, end, share),
            sd=_between(start.sd, CERTAIN, share),
            weights=_between(start.weights, EVEN, share),
        )
        for share in shares
    ]


def _between(a: Point, b: Point, share: float) -> Point:
    # Written so that share 0 gives exactly a and share 1 exactly b.
    return Point(
        a.valence * (1 - share) + b.valence * share,
        a.arousal * (1 - share) + b.arousal * share,
    )
