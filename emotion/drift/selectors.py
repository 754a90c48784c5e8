"""Read how readings move: no figure that fewer than ten people stand behind."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from django.db.models import Avg, Count, F, Q, QuerySet
from django.db.models.functions import TruncDate, TruncWeek
from django.utils import timezone

from emotion.drift.rising import Share
from emotion.models import EmotionReading
from emotion.statistics import SMALLEST_GROUP
from mood_music.charts import MOST_LINES, Chart, Series, line_chart

DAYS = 56
"""How far back the page looks: eight whole weeks."""
RECENT = datetime.timedelta(days=7)
BEFORE = datetime.timedelta(days=28)

CORRECTED = ~Q(corrected_emotion__in=["", F("dominant")])
"""A word that differs from the network's; the same word is a confirmation."""


@dataclass(frozen=True, slots=True)
class Cell:
    """Hold the figures of one version in one day or week. `readings` is rounded down to tens, shares to hundredths."""

    start: datetime.date
    version: str
    readings: int
    confidence: float
    unsure: float
    corrected: float


def counted() -> QuerySet[EmotionReading]:
    """Return the readings that count: those of whoever limits the use of her sensitive data do not.

    Nor do those that are forgotten within the hour: the last days would have them and the ones before would not.
    """
    return EmotionReading.objects.filter(capture__expires_at=None).exclude(
        user__privacy_preference__limit_sensitive=True
    )


def drift_cells(*, weekly: bool) -> list[Cell]:
    """Return the figures by day or week (from Monday) and version, the oldest first.

    There are no totals over versions, and counts are rounded: a cell that is too small to be shown cannot be had by
    taking the others from a whole.
    """
    start = TruncWeek("created_at") if weekly else TruncDate("created_at")
    rows = (
        counted()
        .filter(created_at__date__gte=_first_day())
        .annotate(start=start)
        .values("start", "model_version")
        .annotate(
            people=Count("user", distinct=True),
            readings=Count("pk"),
            mean_confidence=Avg("confidence"),
            unsure=Count("pk", filter=Q(sure=False)),
            changed=Count("pk", filter=CORRECTED),
        )
        .filter(people__gte=SMALLEST_GROUP)
        .order_by("start", "model_version")
    )
    return [
        Cell(
            start=row["start"].date() if weekly else row["start"],
            version=row["model_version"],
            readings=row["readings"] // 10 * 10,
            confidence=round(row["mean_confidence"], 2),
            unsure=round(row["unsure"] / row["readings"], 2),
            corrected=round(row["changed"] / row["readings"], 2),
        )
        for row in rows
    ]


def _first_day() -> datetime.date:
    """Return the Monday some eight weeks ago: a week that is cut in half would look like a fall."""
    day = timezone.localdate() - datetime.timedelta(days=DAYS)
    return day - datetime.timedelta(days=day.weekday())


def drift_charts(*, weekly: bool) -> list[Chart]:
    """Return what the page draws: readings, confidence, not-sure share and corrected share, a line a version."""
    cells = drift_cells(weekly=weekly)
    # The versions that read last, where there are more than can be told apart.
    latest = sorted({cell.version: cell.start for cell in cells}.items(), key=lambda item: (item[1], item[0]))
    versions = [version for version, _ in latest[-MOST_LINES:]]
    found = {(cell.start, cell.version): cell for cell in cells}
    step = datetime.timedelta(days=7 if weekly else 1)
    places = [_first_day()]
    while places[-1] + step <= timezone.localdate():
        places.append(places[-1] + step)

    def chart(title: str, figure: str, *, percent: bool = True, from_zero: bool = True) -> Chart:
        series = []
        for version in versions:
            values = [getattr(found.get((place, version)), figure, None) for place in places]
            series.append(Series(version, values))
        return line_chart(
            title=title,
            x=[f"{place:%-d %b}" for place in places],
            x_label="Week from" if weekly else "Day",
            series=series,
            percent=percent,
            from_zero=from_zero,
        )

    return [
        chart("Readings a week" if weekly else "Readings a day", "readings", percent=False),
        chart("Mean confidence", "confidence", from_zero=False),
        chart("Not sure", "unsure"),
        chart("Corrected by their people", "corrected"),
    ]


def corrected_shares(now: datetime.datetime) -> dict[str, tuple[Share, Share]]:
    """Return for each version the share corrected in the weeks before and of late; both over ten people at least."""
    edge = now - RECENT
    before = Q(created_at__gte=edge - BEFORE, created_at__lt=edge)
    recent = Q(created_at__gte=edge)
    rows = (
        counted()
        .filter(created_at__gte=edge - BEFORE)
        .values("model_version")
        .annotate(
            people_before=Count("user", distinct=True, filter=before),
            people_recent=Count("user", distinct=True, filter=recent),
            readings_before=Count("pk", filter=before),
            readings_recent=Count("pk", filter=recent),
            corrected_before=Count("pk", filter=before & CORRECTED),
            corrected_recent=Count("pk", filter=recent & CORRECTED),
        )
        .filter(people_before__gte=SMALLEST_GROUP, people_recent__gte=SMALLEST_GROUP)
        .order_by("model_version")
    )
    return {
        row["model_version"]: (
            Share(row["corrected_before"], row["readings_before"]),
            Share(row["corrected_recent"], row["readings_recent"]),
        )
        for row in rows
    }
