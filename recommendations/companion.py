"""Say something short and kind beside a result or a session, from a set of sentences that was reviewed as a whole.

A sentence speaks of the picture, the music or the person's own word; never of what she is, has, or ought to do. What
is never said: a diagnosis, a promise, blame, advice that nobody asked for, cheer that talks a mood away. A test puts
together every combination and holds it against lists of such words. The choice is deterministic, and the same pool
never gives the same sentence twice in a row: consecutive turns take consecutive sentences.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from ml.types import Emotion
from recommendations import circumplex
from recommendations.change import Change
from recommendations.circumplex import CALM, GOALS, Mode


class Occasion(StrEnum):
    """Name where a sentence stands."""

    RESULT = "result"
    START = "start"
    WAY = "way"
    END = "end"


class Certainty(StrEnum):
    """Tell how well the mood is known: read with confidence, read without, or said by the person."""

    SURE = "sure"
    UNSURE = "unsure"
    SAID = "said"


class Daytime(StrEnum):
    """Name the part of the day, in the person's own time, which only her browser knows."""

    MORNING = "morning"
    EVENING = "evening"
    NIGHT = "night"


class Outcome(StrEnum):
    """Name what a session changed, as far as it was told."""

    UNTOLD = "untold"
    SAME = "same"
    BRIGHTER = "brighter"
    CALMER = "calmer"
    HEAVIER = "heavier"


@dataclass(frozen=True, slots=True)
class Scene:
    """Hold what a sentence goes by. `helped` is the mode that has helped the person on such days, if one is known."""

    occasion: Occasion
    emotion: Emotion
    certainty: Certainty
    mode: Mode
    helped: Mode | None = None
    outcome: Outcome = Outcome.UNTOLD


Pool = Sequence[str]

SEEN: Mapping[Emotion, Pool] = {
    Emotion.ANGER: (
        "That looks like a loud moment.",
        "There is heat in that look.",
        "Something in that picture stands its ground.",
    ),
    Emotion.DISGUST: (
        "That looks like a moment with an edge.",
        "Something seems to sit badly just now.",
        "There is a clear no in that look.",
    ),
    Emotion.FEAR: (
        "That looks like a tense moment.",
        "There is a held breath in that picture.",
        "Something there seems wide awake and careful.",
    ),
    Emotion.SADNESS: (
        "That looks like a heavy moment.",
        "There is something quiet in that picture.",
        "It looks as if today weighs a little more.",
    ),
    Emotion.CONTEMPT: (
        "That looks like a guarded moment.",
        "There is some distance in that look.",
        "Half a smile, and the rest kept back.",
    ),
    Emotion.HAPPINESS: (
        "That smile is easy to see.",
        "That looks like a good moment.",
        "Something seems to have gone well.",
    ),
    Emotion.SURPRISE: (
        "That looks like a wide-awake moment.",
        "Something seems to have come out of nowhere.",
        "There is a spark in that picture.",
    ),
    Emotion.NEUTRAL: (
        "That looks like an even moment.",
        "Nothing loud in that picture, and that is fine.",
        "A level look, with room on every side.",
    ),
}
"""A reading with confidence: what the picture looks like, not what somebody feels."""

UNSEEN: Pool = (
    "The picture leaves it open, and so do we.",
    "Hard to tell from here; you know better.",
    "That face keeps its secret for now.",
)

NAMES: Mapping[Emotion, str] = {
    **{emotion: emotion.value for emotion in Emotion},
    Emotion.NEUTRAL: "an even mood",
}
SAID: Pool = (
    "You call it {name}, and your word counts.",
    "Noted as you said it: {name}.",
    "Your own word is {name}; it has its place here.",
)

STAYING_LOW: Pool = (
    "The music stays with this mood for a while, and there is a way on whenever you like.",
    "The music keeps you company where you are; a way on is one tap away.",
)
STAYING: Pool = ("The music goes along with this mood.", "The music meets you where you are.")
KEEPING: Pool = ("The music holds on to this ground.", "The music keeps to what is here.")
TO_CALM: Pool = (
    "The music begins where you are and winds down in small steps.",
    "The path starts close by and leads on towards calm.",
)
TO_LIGHTER: Pool = (
    "The music begins where you are and turns lighter in small steps.",
    "The path starts close by and leads on to lighter ground.",
)
LIFTING: Pool = (
    "The music goes straight to the bright side.",
    "The music is bright and lively from the first track.",
)

BEGINNING: Pool = (
    "One track at a time, at your own pace.",
    "Every track can be skipped, and the direction is yours to change.",
)
WAY_ON: Pool = ("A few steps on, and no hurry.", "On the way, at your own pace.")
WAY_LOW: Pool = ("Still here with you; the way on stays open.", "No rush to be anywhere else.")
WAY_BRIGHT: Pool = ("Bright ground, for as long as it suits.", "The light stays on.")
WAY_EASY: Pool = ("Good company so far.", "It goes on as it began.")

ENDING: Mapping[Outcome, Pool] = {
    Outcome.UNTOLD: ("Thanks for listening along.", "Until another time."),
    Outcome.SAME: ("About the same is an answer too.", "Some moods take their own time."),
    Outcome.BRIGHTER: ("That was worth a few songs.", "Good to hear."),
    Outcome.CALMER: ("A little quieter, by your own account.", "Calmer ground, and time to stay there."),
    Outcome.HEAVIER: (
        "Thank you for saying so; some days music reaches only so far.",
        "That is worth knowing, and it takes nothing away from you.",
    ),
}

DAYTIMES: Mapping[Daytime, str] = {
    Daytime.MORNING: "The day is still young.",
    Daytime.EVENING: "The day is nearly done.",
    Daytime.NIGHT: "It is late, and quiet is allowed.",
}
"""One sentence more, which the page adds by the browser's own clock; without a script it stays away."""


def line(scene: Scene, *, seed: str, turn: int) -> str:
    """Return what is said: one to three short sentences.

    `seed` tells one person from another. `turn` counts what was said to her on this occasion before; the sentences of
    one turn differ from those of the next.
    """
    return " ".join(_parts(scene, zlib.crc32(seed.encode()) + turn))


def daytimes(occasion: Occasion) -> Mapping[Daytime, str]:
    """Return what may be added by the time of day: where somebody arrives, not while she listens."""
    return DAYTIMES if occasion in {Occasion.RESULT, Occasion.START} else {}


def outcome_of(found: Change | None) -> Outcome:
    """Return what a session changed, the pleasantness first; untold without a second mood."""
    if found is None:
        return Outcome.UNTOLD
    if abs(found.valence) >= found.smallest:
        return Outcome.BRIGHTER if found.valence > 0 else Outcome.HEAVIER
    return Outcome.CALMER if found.arousal <= -found.smallest else Outcome.SAME


def helped_line(helped: Mode, mode: Mode) -> str:
    """Return what may be said of a mode that has helped before: an observation, no promise."""
    if helped is mode:
        return f"{helped.value.capitalize()} has helped you on such days."
    return f"On such days {helped.value} has helped you before."


def _parts(scene: Scene, turn: int) -> list[str]:
    if scene.occasion is Occasion.END:
        return [_pick(ENDING[scene.outcome], turn)]
    if scene.occasion is Occasion.WAY:
        return [_pick(_way(scene), turn)]
    helped = [helped_line(scene.helped, scene.mode)] if scene.helped else []
    first = _pick(BEGINNING if scene.occasion is Occasion.START else _mood(scene), turn)
    return [first.format(name=NAMES[scene.emotion]), _pick(_music(scene), turn), *helped]


def _pick(pool: Pool, turn: int) -> str:
    return pool[turn % len(pool)]


def _mood(scene: Scene) -> Pool:
    if scene.certainty is Certainty.UNSURE:
        return UNSEEN
    return SAID if scene.certainty is Certainty.SAID else SEEN[scene.emotion]


def _music(scene: Scene) -> Pool:
    if scene.mode is Mode.LIFT:
        return LIFTING
    if scene.mode is Mode.SHIFT:
        return TO_CALM if GOALS[scene.emotion] == CALM else TO_LIGHTER
    if _low(scene):
        return STAYING_LOW
    return STAYING if scene.mode is Mode.MATCH else KEEPING


def _way(scene: Scene) -> Pool:
    if scene.mode is Mode.SHIFT:
        return WAY_ON
    if scene.mode is Mode.LIFT:
        return WAY_BRIGHT
    return WAY_LOW if _low(scene) else WAY_EASY


def _low(scene: Scene) -> bool:
    return circumplex.default_mode(scene.emotion) is Mode.SHIFT
