"""Say honestly how a mood changed between two moments.

People tell a mood on two scales of five steps, how pleasant and how energetic, after the Self-Assessment Manikin
(Bradley & Lang 1994, J. Behav. Ther. Exp. Psychiatry 25:49). A camera's reading is a cruder measure of the same two
axes. So a difference only counts when it is larger than what the scale, or the weaker of the two ways, can tell apart.
"""

from __future__ import annotations

from dataclasses import dataclass

from recommendations.circumplex import Point

STEPS = 5
SMALLEST_SAID = 0.1
"""The smallest difference that counts between two moods told in taps: half of one step."""
SMALLEST_READ = 0.2
"""The smallest difference that counts when a reading is involved: about the spread of a sure one."""
CLEAR = 0.3
"""The difference from which a change is called clear: one step and a half."""


@dataclass(frozen=True, slots=True)
class Told:
    """Hold a mood on the plane, and whether the person told it herself in taps."""

    point: Point
    in_taps: bool


@dataclass(frozen=True, slots=True)
class Change:
    """Hold the differences after minus before, and the smallest ones that count."""

    valence: float
    arousal: float
    smallest: float

    @property
    def alike(self) -> bool:
        """Tell whether both moods were told in the same fine way."""
        return self.smallest == SMALLEST_SAID


def step_point(valence_step: int, arousal_step: int) -> Point:
    """Return the middle of two steps of 1 to 5 on the plane. Raises ValueError for another step."""
    if not (1 <= valence_step <= STEPS and 1 <= arousal_step <= STEPS):
        raise ValueError("a step is from 1 to 5")
    return Point((valence_step - 0.5) / STEPS, (arousal_step - 0.5) / STEPS)


def change(before: Told, after: Told) -> Change:
    """Return how a mood changed."""
    smallest = SMALLEST_SAID if before.in_taps and after.in_taps else SMALLEST_READ
    return Change(after.point.valence - before.point.valence, after.point.arousal - before.point.arousal, smallest)


def words(found: Change) -> str:
    """Return the change in one plain sentence, e.g. "A little brighter and calmer than before."."""
    parts = [
        _words(found.valence, found.smallest, "brighter", "heavier"),
        _words(found.arousal, found.smallest, "livelier", "calmer"),
    ]
    said = " and ".join(part for part in parts if part)
    if not said:
        return "About the same as before."
    return f"{said[0].upper()}{said[1:]} than before."


def helped(staying_is_good: bool, winding_down_is_good: bool, found: Change) -> bool:
    """Tell whether a session did for a mood what its music was for.

    A pleasant mood was helped when it did not become heavier. Any other one was, when it became brighter, or, where
    winding down is the aim, calmer without becoming heavier.
    """
    heavier = found.valence <= -found.smallest
    if staying_is_good:
        return not heavier
    calmer = winding_down_is_good and found.arousal <= -found.smallest
    return found.valence >= found.smallest or (calmer and not heavier)


def _words(difference: float, smallest: float, up: str, down: str) -> str:
    # A hair below a bound is rounding: steps of a fifth do not add up exactly.
    size = abs(difference) + 1e-9
    if size < smallest:
        return ""
    word = up if difference > 0 else down
    return word if size >= CLEAR else f"a little {word}"
