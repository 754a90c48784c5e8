"""Notice when low readings persist for days, so that a quiet line may say where to find help.

The rule, in full: of the latest seven days with a reading, none more than fourteen days ago, at least five were low. A
reading counts when it was sure, or when its person confirmed or corrected it; it is low when what counts is sadness or
fear. A day is low when at least half of the readings that count are. Days are those of UTC.

It is a rule of thumb about readings, not a test of a person: nothing is stored of it, nobody else learns of it, and it
says nothing but where somebody to talk to can be found.
"""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from ml.types import Emotion

LOW = frozenset({Emotion.SADNESS, Emotion.FEAR})
WINDOW_DAYS = 14
LATEST_DAYS = 7
LOW_DAYS = 5


@dataclass(frozen=True, slots=True)
class Noted:
    """Hold what the rule needs of one reading: its day, what counts, and whether it counts."""

    day: datetime.date
    emotion: Emotion
    counts: bool


def low_for_days(readings: Iterable[Noted], today: datetime.date) -> bool:
    """Tell whether low readings persist, by the rule above."""
    oldest = today - datetime.timedelta(days=WINDOW_DAYS)
    days: dict[datetime.date, list[bool]] = defaultdict(list)
    for reading in readings:
        if oldest < reading.day <= today:
            days[reading.day] += [reading.emotion in LOW] if reading.counts else []
    latest = sorted(days, reverse=True)[:LATEST_DAYS]
    return sum(_low(days[day]) for day in latest) >= LOW_DAYS


def _low(counted: list[bool]) -> bool:
    return bool(counted) and 2 * sum(counted) >= len(counted)
