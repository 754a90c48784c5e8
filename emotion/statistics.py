"""Figures about all people for administrators: none that fewer than ten people stand behind."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count
from django.db.models.functions import TruncMonth

from emotion.models import EmotionReading

SMALLEST_GROUP = 10
"""Fewer people than this in a cell, and it is not shown. No totals either: they would give such cells away."""


@dataclass(frozen=True, slots=True)
class Cell:
    """Hold how many readings of one expression there were in one month."""

    month: str
    emotion: str
    readings: int


def readings_by_month() -> list[Cell]:
    """Return the cells that enough different people stand behind, rounded down to tens.

    Whoever limits the use of her sensitive data is in none of them.

    Rounded, so that two looks a moment apart do not show the one reading in between.
    """
    cells = (
        EmotionReading.objects.exclude(user__privacy_preference__limit_sensitive=True)
        .annotate(month=TruncMonth("created_at"))
        .values("month", "dominant")
        .annotate(people=Count("user", distinct=True), readings=Count("pk"))
        .filter(people__gte=SMALLEST_GROUP)
        .order_by("-month", "dominant")
    )
    return [Cell(f"{c['month']:%Y-%m}", c["dominant"], c["readings"] // 10 * 10) for c in cells]
