"""Read captures and readings across rows, always for one person."""

from __future__ import annotations

import datetime
import heapq
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

from django.core import signing
from django.db.models import Case, F, Q, QuerySet, When

from emotion.models import Capture, EmotionReading, ToldMood
from mood_music.errors import UserError

PAGE_SIZE = 20

_Key: TypeAlias = tuple[datetime.datetime, int, int]
"""When, which kind, which row: the order of a history."""
_TOLD, _READ = 0, 1


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """Hold one page of a history, newest first, and the key of the next one."""

    entries: list[EmotionReading | ToldMood]
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
    """Return a page of readings and noted moods by key: what arrives meanwhile shifts nothing.

    `until` includes its day. Raises UserError for a cursor that this site did not make.
    """
    before = _cursor_read(cursor) if cursor else None
    found: list[tuple[_Key, EmotionReading | ToldMood]] = []
    sources: tuple[tuple[int, QuerySet[Any], str, str], ...] = (
        (_READ, readings_effective(user).select_related("capture"), "created_at", "felt"),
        (_TOLD, ToldMood.objects.for_user(user), "felt_at", "emotion"),
    )
    for kind, everything, moment, mood in sources:
        asked = {mood: emotion, f"{moment}__date__gte": since, f"{moment}__date__lte": until}
        rows = everything.filter(**{field: value for field, value in asked.items() if value})
        if before:
            rows = rows.filter(_older(kind, moment, before))
        newest = rows.order_by(f"-{moment}", "-id")[: size + 1]
        found += [((getattr(row, moment), kind, row.pk), row) for row in newest]
    found.sort(key=lambda pair: pair[0], reverse=True)
    following = ""
    if len(found) > size:
        when, kind, pk = found[size - 1][0]
        following = signing.dumps((when.isoformat(), kind, pk), salt="history")
    return HistoryPage([row for _, row in found[:size]], following)


def _cursor_read(cursor: str) -> _Key:
    try:
        stamp, kind, pk = signing.loads(cursor, salt="history")
        return datetime.datetime.fromisoformat(stamp), kind, pk
    except (signing.BadSignature, ValueError, TypeError) as error:
        raise UserError("bad_cursor") from error


def _older(kind: int, moment: str, key: _Key) -> Q:
    """Return what comes after a key in the order of moment, kind and id, each the greatest first."""
    when, last_kind, last_id = key
    older = Q(**{f"{moment}__lt": when})
    if kind > last_kind:
        return older
    same = Q(**{moment: when})
    return older | (same & Q(pk__lt=last_id) if kind == last_kind else same)


def history_rows(*, user: Any) -> Iterator[tuple[str, ...]]:
    """Yield a person's mood history as plain rows, the oldest first, with their heading."""
    yield ("time_utc", "mood", "said_by", "expression_read", "confidence", "valence", "arousal")
    readings = readings_effective(user).order_by("created_at", "id").iterator()
    told = ToldMood.objects.for_user(user).order_by("felt_at", "id").iterator()
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
