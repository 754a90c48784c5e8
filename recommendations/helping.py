"""Learn which modes have helped one person, from her own sessions alone.

Each session that was told before and after is one trial of its mode: it helped, or it did not. For each mode in each
group of moods the chance of helping has a Beta prior, and the posterior after the trials is again a Beta (the
Beta-Bernoulli model; Gelman et al., Bayesian Data Analysis, 3rd ed., section 2.4). A person has few sessions, so the
prior is not flat but shrunk towards what is known of her otherwise (partial pooling, ibid. chapter 5; Efron & Morris
1977, Scientific American 236:119): the cell towards the same mode on her other days, that towards her other modes, and
that towards one half. Every level uses sessions that the level below did not, so that none is counted twice.

It is an observation of one person, neither an experiment nor a promise: she chose the mode and the moment herself.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from ml.types import Emotion
from recommendations import circumplex
from recommendations.circumplex import CALM, GOALS, Mode

STRENGTH = 4.0
"""How many sessions a shrunk prior weighs as much as."""
FEWEST = 3
"""How many sessions of a mode there must be on such days before anything is said of it."""


class Group(StrEnum):
    """Name what a mood asks of the music: lighter ground, calm, or nothing but company."""

    HEAVY = "heavy"
    TENSE = "tense"
    EASY = "easy"


@dataclass(frozen=True, slots=True)
class Trial:
    """Hold what one session showed."""

    group: Group
    mode: Mode
    helped: bool


@dataclass(frozen=True, slots=True)
class Estimate:
    """Hold what is known of one mode in one group: mean and standard deviation of the chance, and the trials."""

    mode: Mode
    mean: float
    sd: float
    trials: int


def group_of(emotion: Emotion) -> Group:
    """Return the group of an emotion, by where a shift leads from it."""
    if circumplex.default_mode(emotion) is Mode.KEEP:
        return Group.EASY
    return Group.TENSE if GOALS[emotion] == CALM else Group.HEAVY


def estimate(trials: Sequence[Trial], group: Group, mode: Mode) -> Estimate:
    """Return the posterior of one mode in one group of moods."""

    def counted(which: Callable[[Trial], bool]) -> tuple[int, int]:
        chosen = [trial.helped for trial in trials if which(trial)]
        return sum(chosen), len(chosen)

    wins, total = counted(lambda trial: trial.mode is not mode)
    prior = (wins + STRENGTH / 2) / (total + STRENGTH)
    wins, total = counted(lambda trial: trial.mode is mode and trial.group is not group)
    prior = (wins + STRENGTH * prior) / (total + STRENGTH)
    wins, total = counted(lambda trial: trial.mode is mode and trial.group is group)
    a, b = wins + STRENGTH * prior, total - wins + STRENGTH * (1 - prior)
    return Estimate(mode, a / (a + b), math.sqrt(a * b / ((a + b) ** 2 * (a + b + 1))), total)


def suggestion(trials: Sequence[Trial], emotion: Emotion) -> Mode | None:
    """Return the mode that has helped on days like this one, or None while too little is known.

    It has FEWEST trials in the group, its chance lies above one half by more than its standard deviation, and no
    other mode's mean is higher. Modes that stay with a low mood are never suggested (see `replanning.WAY_OUT_AFTER`).
    """
    group = group_of(emotion)
    modes = [mode for mode in Mode if group is Group.EASY or mode not in {Mode.MATCH, Mode.KEEP}]
    known = [each for each in (estimate(trials, group, mode) for mode in modes) if each.trials >= FEWEST]
    sure = [each for each in known if each.mean - each.sd > 0.5]
    return max(sure, key=lambda each: each.mean).mode if sure else None
