"""Say in one short sentence why a track is where it is in a set.

Each sentence is an opening, chosen by mode and place on the path, and a description of the recording on
the two axes. Openings say only what holds for every track that they can be given to; the descriptions are
editorial estimates put into words. What is never said: a diagnosis, a promise, blame, or what somebody
ought to feel. A test holds every combination against a list of such words.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Mapping
from enum import StrEnum

from ml.types import Emotion
from recommendations.circumplex import CALM, GOALS, Mode
from recommendations.learning import Kind, Taste
from recommendations.ranking import Ranked

ARRIVED = 0.01
"""How near its goal a target counts as arrived, in units of the plane."""
STRAY = 0.3
"""How far a track may lie from its target on either axis before a sentence admits it.

Measured on the plane, not in percentiles: the words are about the recording, whatever the catalogue holds.
"""

ENERGY_EDGES = (0.15, 0.35, 0.5, 0.65, 0.85)
ENERGY = ("hushed", "low energy", "unhurried", "steady", "energetic", "full of energy")
COLOUR_EDGES = (0.15, 0.35, 0.5, 0.65, 0.85)
COLOUR = ("very dark", "dark", "a little dark", "gently bright", "bright", "very bright")
WITHOUT_WORDS = "without words"

WELCOME = 1.1
"""From these odds on, what a listener said has made a difference worth naming."""
LONGEST_NAME = 60
FROM_PLAYLISTS = " From your own playlists."


class Place(StrEnum):
    """Name where on its path a track stands."""

    START = "start"
    WAY = "way"
    GOAL = "goal"


STAYING: Mapping[Emotion, tuple[str, ...]] = {
    Emotion.ANGER: ("Stays with the heat", "Room for the intensity", "Keeps you company while it is loud"),
    Emotion.DISGUST: ("Stays with the edge", "Room for a sharp mood", "Keeps you company in a rough moment"),
    Emotion.FEAR: ("Stays with the tension", "Room for a tense moment", "Keeps you company while it is tense"),
    Emotion.SADNESS: ("Stays with a low mood", "Room for a heavy moment", "Keeps you company in the quiet"),
    Emotion.CONTEMPT: ("Stays with a cool mood", "Room for a guarded moment", "Keeps you company at a distance"),
    Emotion.HAPPINESS: ("Goes along with the good mood", "Room for the smile", "Keeps the good moment company"),
    Emotion.SURPRISE: ("Goes along with the surprise", "Room for a wide-awake moment", "Keeps the spark company"),
    Emotion.NEUTRAL: ("Stays on an even keel", "Room for an even moment", "Keeps an easy moment company"),
}
"""Match: the mood as it looks, neither judged nor pushed."""

KEEPING: Mapping[Emotion, tuple[str, ...]] = {
    **STAYING,
    Emotion.HAPPINESS: ("Keeps the good mood going", "More of what looks good already", "Holds on to the smile"),
    Emotion.SURPRISE: ("Keeps the spark going", "Stays wide awake with you", "Holds on to the moment"),
    Emotion.NEUTRAL: ("Keeps things even", "Leaves the mood as it is", "Holds an easy course"),
}

STARTING = ("Starts close to where you are", "Begins near this moment", "Meets you where you are")
STARTING_LOOSELY = "Opens the way from here"
CALM_WAY = ("A step on the way to calm", "Leads on towards calm", "Another step towards quiet")
MILD_WAY = (
    "A step on the way to lighter ground",
    "Leads on towards something warmer",
    "Another step towards the light",
)
CALM_GOAL = ("Where the path leads: calm", "Lets the set come to rest", "Settles into quiet")
MILD_GOAL = ("Where the path leads: lighter ground", "Lets the set come to rest", "Settles into a warmer place")
LIFTING = (
    "Straight to the bright side",
    "A lift from the first bar",
    "Picks up the pace and the light",
    "Sunlit ground",
)
LOOSELY = ("A looser fit, for variety", "A side step, for variety")


def place(ranked: Ranked, mode: Mode, emotion: Emotion) -> Place:
    """Return where on its path a track stands: only a shift travels; every other mode is where it means to be."""
    if mode is not Mode.SHIFT or math.dist(ranked.target, GOALS[emotion]) <= ARRIVED:
        return Place.GOAL
    return Place.START if ranked.rank == 1 else Place.WAY


def describe(ranked: Ranked) -> str:
    """Return what the recording is like, e.g. "low energy, a little dark" or "energetic, bright, without words"."""
    track = ranked.track
    words = [ENERGY[bisect_right(ENERGY_EDGES, track.arousal)], COLOUR[bisect_right(COLOUR_EDGES, track.valence)]]
    return ", ".join([*words, WITHOUT_WORDS] if track.instrumental else words)


def reason(ranked: Ranked, mode: Mode, emotion: Emotion) -> str:
    """Return one sentence on why this track stands at this place: what it is there for, and what it is like.

    Neighbours in a set get different openings as long as there are several for their place.
    """
    openings = _openings(ranked, mode, emotion)
    return f"{openings[(ranked.rank - 1) % len(openings)]}: {describe(ranked)}."


def because(ranked: Ranked, taste: Taste) -> str:
    """Return a second sentence, after a space, that names what the listener said in favour of this track, or nothing.

    It stands only where her words raised the track's chance.
    """
    if ranked.numbers["personal"] < WELCOME:
        return ""
    verdict = taste.owed_to(ranked.track)
    if verdict is None:
        return ""
    if verdict.track == ranked.track.key:
        return " Because you asked for more like it." if verdict.kind is Kind.MORE else " Because you liked it before."
    said = "asked for more like" if verdict.kind is Kind.MORE else "liked"
    return f" Because you {said} “{_short(verdict.title)}” by {_short(verdict.artist)}."


def _short(name: str) -> str:
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1].rstrip()}…"


def _openings(ranked: Ranked, mode: Mode, emotion: Emotion) -> tuple[str, ...]:
    where = place(ranked, mode, emotion)
    strays = _strays(ranked, mode, emotion)
    if where is Place.START:
        return (STARTING_LOOSELY,) if strays else STARTING
    if strays:
        return LOOSELY
    if mode is Mode.LIFT:
        return LIFTING
    if mode is Mode.SHIFT:
        if where is Place.GOAL:
            return CALM_GOAL if GOALS[emotion] == CALM else MILD_GOAL
        return CALM_WAY if GOALS[emotion] == CALM else MILD_WAY
    return STAYING[emotion] if mode is Mode.MATCH else KEEPING[emotion]


def _strays(ranked: Ranked, mode: Mode, emotion: Emotion) -> bool:
    if abs(ranked.track.arousal - ranked.target.arousal) > STRAY:
        return True
    # Surprise leaves valence free, and what is said while staying with it speaks of energy alone.
    valence_is_free = emotion is Emotion.SURPRISE and mode in (Mode.MATCH, Mode.KEEP)
    return not valence_is_free and abs(ranked.track.valence - ranked.target.valence) > STRAY
