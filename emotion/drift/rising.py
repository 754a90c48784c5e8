"""The test behind the alert: did the share of corrected readings rise? Plain arithmetic."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

SMALLEST_NUMBER = 50
"""Readings on each side below which nothing is concluded."""
LEVEL = 0.01
"""Probability of an alert at one look where nothing has changed."""
SMALLEST_RISE = 0.03
"""A smaller rise is no reason to get up, however many readings prove it."""


@dataclass(frozen=True, slots=True)
class Share:
    """Hold how many of some readings were corrected."""

    corrected: int
    readings: int

    @property
    def rate(self) -> float:
        """Return the share, 0 without readings."""
        return self.corrected / self.readings if self.readings else 0.0


def rise_probability(before: Share, recent: Share) -> float:
    """Return how probable so large a rise, or a larger one, is where both shares are equal.

    One-sided test of two proportions with the pooled standard error (Fleiss, Levin and Paik 2003, Statistical Methods
    for Rates and Proportions, section 3.3). Readings of one person resemble each other, so the true probability is
    somewhat larger: hence the strict LEVEL. Raises ValueError without readings on both sides.
    """
    if not (before.readings and recent.readings):
        raise ValueError("two shares need readings on both sides")
    pooled = (before.corrected + recent.corrected) / (before.readings + recent.readings)
    error = math.sqrt(pooled * (1 - pooled) * (1 / before.readings + 1 / recent.readings))
    if error == 0:
        return 1.0
    return 1 - NormalDist().cdf((recent.rate - before.rate) / error)


def has_risen(before: Share, recent: Share) -> bool:
    """Tell whether corrections rose by enough, over enough readings, and hardly by chance."""
    if min(before.readings, recent.readings) < SMALLEST_NUMBER:
        return False
    return recent.rate - before.rate >= SMALLEST_RISE and rise_probability(before, recent) < LEVEL
