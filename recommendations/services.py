"""Build and store sets of music, and keep what people say about it."""

from __future__ import annotations

import datetime
import zlib
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from kombu.exceptions import OperationalError as QueueDown

from emotion.models import EmotionReading
from emotion.services import capture_mode_set
from ml.types import Emotion
from mood_music.errors import UserError
from recommendations import selectors, sessions
from recommendations.catalogue import track_key
from recommendations.catalogue_cache import catalogue_changed, catalogue_load
from recommendations.circumplex import Mode, Point
from recommendations.feedback import word_set
from recommendations.models import (
    ListenerPreferences,
    Recommendation,
    RecommendationSet,
    Track,
)
from recommendations.planning import plan
from recommendations.signals import tracks_chosen

logger = structlog.get_logger(__name__)


def set_publish(*, reading_id: int) -> None:
    """Queue the building of a set. When the queue is down the sweeper builds it later."""
    from recommendations.tasks import recommendation_set_build

    try:
        recommendation_set_build.delay(reading_id)
    except QueueDown:
        logger.warning("queue_unreachable", reading_id=reading_id)


def set_build(*, reading_id: int) -> RecommendationSet | None:
    """Build the set of a reading in the mode in force, or return the one that is there.

    Returns None when the reading is gone. Safe to run any number of times, also at once.
    """
    with transaction.atomic():
        reading = _locked(reading_id)
        if reading is None:
            return None
        mode = selectors.mode_of(reading=reading)
        existing = reading.sets.filter(mode=mode).first()
        return existing or _set_create(reading, mode)


def set_renew(*, reading_id: int) -> RecommendationSet | None:
    """Replace the set in force by other tracks, chosen by what is known of the person by now.

    Returns None when the reading is gone. What the replaced set held does not come again.
    """
    with transaction.atomic():
        reading = _locked(reading_id)
        if reading is None:
            return None
        mode = selectors.mode_of(reading=reading)
        replaced = reading.sets.filter(mode=mode).first()
        if replaced is None:
            return _set_create(reading, mode)
        heard = set(replaced.recommendations.values_list("track_id", flat=True))
        replaced.delete()
        return _set_create(reading, mode, edition=replaced.edition + 1, heard=heard)


def _locked(reading_id: int) -> EmotionReading | None:
    # The reading's row is the lock: of two tasks at once, the second finds the set of the first.
    return EmotionReading.objects.select_for_update(of=("self",)).filter(pk=reading_id).first()


def _set_create(
    reading: EmotionReading, mode: Mode, *, edition: int = 1, heard: AbstractSet[int] = frozenset()
) -> RecommendationSet:
    planned = plan(
        catalogue_load(),
        selectors.distribution_of(reading=reading),
        reading.emotion,
        mode=mode,
        count=settings.RECOMMENDATIONS_PER_SET,
        seed=zlib.crc32(f"{reading.capture.public_id}:{mode}:{reading.emotion}:{edition}".encode()),
        recent=selectors.recent_tracks(user=reading.user, besides=reading),
        without=heard,
        listener=selectors.listener_of(user=reading.user),
    )
    built = RecommendationSet.objects.create(
        reading=reading,
        user=reading.user,
        mode=mode,
        start_valence=planned.start.valence,
        start_arousal=planned.start.arousal,
        goal_valence=planned.goal.valence,
        goal_arousal=planned.goal.arousal,
        edition=edition,
    )
    Recommendation.objects.bulk_create(
        Recommendation(
            recommendation_set=built,
            track_id=each.ranked.track.key,
            rank=each.ranked.rank,
            score=each.ranked.score,
            reason=each.reason,
            numbers=dict(each.ranked.numbers),
        )
        for each in planned.tracks
    )
    track_ids = [each.ranked.track.key for each in planned.tracks]
    transaction.on_commit(lambda: tracks_chosen.send(sender=RecommendationSet, track_ids=track_ids))
    sessions.reading_take(reading=reading)
    logger.info("set_built", reading_id=reading.pk, set_id=built.pk, tracks=len(planned.tracks))
    return built


def sets_rebuild(*, reading_id: int) -> RecommendationSet | None:
    """Throw away the sets of a reading and build the one in force anew, as after a correction."""
    with transaction.atomic():
        RecommendationSet.objects.filter(reading_id=reading_id).delete()
        return set_build(reading_id=reading_id)


def set_mode(*, reading: EmotionReading, mode: str) -> RecommendationSet | None:
    """Choose the listening mode of a reading and build its set. Raises UserError for a mode that is none."""
    if mode not in {m.value for m in Mode}:
        raise UserError("unknown_mode")
    with transaction.atomic():
        capture_mode_set(capture=reading.capture, mode=mode)
        return set_build(reading_id=reading.pk)


def feedback_set(*, recommendation: Recommendation, kind: str, given: bool) -> None:
    """Take a person's word about a track, or take it back; what contradicts it goes. Saying it twice is saying it once.

    The next set that is built for her follows. Raises UserError for a word that is none of ours.
    """
    built = recommendation.recommendation_set
    word_set(
        user_id=built.user_id,
        reading_id=built.reading_id,
        track_id=recommendation.track_id,
        # Sets that were built before targets were written down answered their reading.
        point=Point(
            recommendation.numbers.get("target_valence", built.start_valence),
            recommendation.numbers.get("target_arousal", built.start_arousal),
        ),
        kind=kind,
        given=given,
    )


def preferences_save(
    *,
    user: Any,
    genres: Sequence[str],
    eras: Sequence[int],
    languages: Sequence[str],
    blocked_artists: Sequence[str],
    allow_explicit: bool,
    default_modes: Mapping[Emotion, Mode],
    companion: bool = True,
    help_line: bool = True,
) -> ListenerPreferences:
    """Keep what a person wants to hear; the next set follows it. Sets that were built already stay."""
    saved, _ = ListenerPreferences.objects.update_or_create(
        user=user,
        defaults={
            "genres": sorted(set(genres)),
            "eras": sorted(set(eras)),
            "languages": sorted(set(languages)),
            "blocked_artists": list(dict.fromkeys(blocked_artists)),
            "allow_explicit": allow_explicit,
            "companion": companion,
            "help_line": help_line,
            "default_modes": {emotion.value: mode.value for emotion, mode in default_modes.items()},
        },
    )
    logger.info("preferences_saved", preferences_id=saved.pk)
    return saved


def preferences_delete(*, user: Any) -> None:
    """Forget what a person said about her music."""
    ListenerPreferences.objects.filter(user=user).delete()


# A reading without a set for so long lost its message.
OVERDUE = datetime.timedelta(seconds=20)
SWEEP_LIMIT = 100


def sets_sweep() -> int:
    """Build the sets whose message was lost; return how many."""
    overdue = EmotionReading.objects.filter(sets=None, created_at__lt=timezone.now() - OVERDUE)
    ids = list(overdue.order_by("pk").values_list("pk", flat=True)[:SWEEP_LIMIT])
    for reading_id in ids:
        set_build(reading_id=reading_id)
    return len(ids)


def track_save(*, track: Track) -> None:
    """Keep a track that an administrator wrote; its key follows title and artist."""
    with transaction.atomic():
        track.key = track_key(track.title, track.artist)
        track.save()
        catalogue_changed()


def tracks_delete(*, tracks: QuerySet[Track]) -> None:
    """Delete tracks. Raises RestrictedError for one that stands in somebody's set."""
    with transaction.atomic():
        tracks.delete()
        catalogue_changed()
