"""Read captures and readings across rows, always for one person."""

from __future__ import annotations

import datetime
import heapq
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.core import signing
from django.db.models import Case, F, Q, QuerySet, When

from emotion.models import Capture, EmotionReading, ToldMood
from mood_music.errors import UserError

PAGE_SIZE = 20


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """Hold one page of a history, newest first, and the key of the next one."""

    readings: list[EmotionReading]
    next_cursor: str


def readings_effective(user: Any) -> QuerySet[Any]:
    """Return a person's readings with `felt`: her own word where she gave one, the model's otherwise."""
    return EmotionReading.objects.for_user(user).annotate(
        felt=Case(When(corrected_emotion="", then=F("dominant")), default=F("corrected_emotion"))
    )


def history_page(
    *,
    user: Any,
    emotion: str = "",
    since: datetime.date | None = None,
    until: datetime.date | None = None,
    cursor: str = "",
    size: int = PAGE_SIZE,
) -> HistoryPage:
    """Return a page of readings by key: new readings that arrive meanwhile shift nothing.

    `until` includes its day. Raises UserError for a cursor that this site did not make.
    """
    readings = readings_effective(user).select_related("capture")
    if emotion:
        readings = readings.filter(felt=emotion)
    if since:
        readings = readings.filter(created_at__date__gte=since)
    if until:
        readings = readings.filter(created_at__date__lte=until)
    if cursor:
        try:
            stamp, last_id = signing.loads(cursor, salt="history")
            moment = datetime.datetime.fromisoformat(stamp)
        except (signing.BadSignature, ValueError, TypeError) as error:
            raise UserError("bad_cursor") from error
        readings = readings.filter(Q(created_at__lt=moment) | Q(created_at=moment, pk__lt=last_id))
    rows = list(readings.order_by("-created_at", "-id")[: size + 1])
    following = ""
    if len(rows) > size:
        last = rows[size - 1]
        following = signing.dumps((last.created_at.isoformat(), last.pk), salt="history")
    return HistoryPage(rows[:size], following)


def history_rows(*, user: Any) -> Iterator[tuple[str, ...]]:
    """Yield a person's mood history as plain rows, the oldest first, with their heading."""
    yield ("time_utc", "mood", "said_by", "expression_read", "confidence", "valence", "arousal")
    readings = readings_effective(user).order_by("created_at", "id").iterator()
    told = ToldMood.objects.filter(user=user).order_by("felt_at", "id").iterator()
    rows = heapq.merge(
        ((r.created_at, _reading_row(r)) for r in readings),
        ((t.felt_at, (_utc(t.felt_at), t.emotion, t.source, "", "", "", "")) for t in told),
        key=lambda pair: pair[0],
    )
    for _, row in rows:
        yield row


def _reading_row(reading: Any) -> tuple[str, ...]:
    numbers = [f"{number:.3f}" for number in (reading.confidence, reading.valence, reading.arousal)]
    said_by = "you" if reading.corrected else "model"
    return (_utc(reading.created_at), reading.felt, said_by, reading.dominant, *numbers)


def _utc(moment: datetime.datetime) -> str:
    return moment.astimezone(datetime.UTC).isoformat(timespec="seconds")


def reading_of(*, capture: Capture) -> EmotionReading | None:
    """Return the newest reading of a capture."""
    return capture.readings.order_by("-id").first()


def in_flight(*, user: Any) -> bool:
    """Tell whether a person has a capture under way."""
    return Capture.objects.for_user(user).filter(status__in=Capture.OPEN).exists()
