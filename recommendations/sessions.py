"""Everything that changes a listening session. Each function may be called twice: the second time does nothing."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import Any

import structlog
from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from emotion.models import Capture, EmotionReading
from emotion.selectors import reading_of
from ml.types import Emotion
from mood_music.errors import UserError
from recommendations import circumplex, selectors
from recommendations.catalogue_cache import catalogue_load
from recommendations.change import step_point
from recommendations.circumplex import Mode, Point, Target
from recommendations.feedback import word_set
from recommendations.learning import Kind
from recommendations.models import ListeningSession, RecommendationSet, SessionMood, SessionTrack, Track
from recommendations.planning import follow
from recommendations.replanning import ahead, mode_after_reading
from recommendations.signals import tracks_chosen

logger = structlog.get_logger(__name__)

State = SessionTrack.State
MORE = 4
"""How many tracks are added when somebody goes on after the end of a path."""


def session_start(*, user: Any, reading: EmotionReading) -> ListeningSession:
    """Begin to listen along the music of a reading, or return the session under way for it.

    A session under way for another reading ends. Raises UserError (409) while the music is not there yet.
    """
    with transaction.atomic():
        # The person's row is the lock: two clicks at once find one session.
        get_user_model().objects.select_for_update().get(pk=user.pk)
        under_way = ListeningSession.objects.for_user(user).filter(status=ListeningSession.Status.ACTIVE).first()
        if under_way and under_way.first_reading_id == reading.pk:
            return under_way
        found = selectors.set_of(reading=reading)
        if found is None:
            raise UserError("no_music_yet", status=409)
        if under_way:
            session_end(session=under_way)
        session = ListeningSession.objects.create(
            user=user,
            mode=found.mode,
            first_mode=found.mode,
            first_reading=reading,
            reading=reading,
            goal_valence=found.goal_valence,
            goal_arousal=found.goal_arousal,
        )
        _mood_note(session, reading, SessionMood.Moment.BEFORE, heard=0)
        _tracks_take(session, found)
        _play_next(session)
    logger.info("session_started", session_id=session.pk, reading_id=reading.pk)
    return session


def track_finish(*, session: ListeningSession, rank: int, state: State) -> None:
    """Leave the track at a rank as heard or skipped, and play the next one.

    A track that does not play any more is left alone, so that a form sent twice skips one track.
    """
    with transaction.atomic():
        current = _locked(session)
        if not current.is_active:
            return
        if current.tracks.filter(rank=rank, state=State.PLAYING).update(state=state):
            if state == State.SKIPPED:
                _word_set(current.tracks.get(rank=rank), current, Kind.SKIP, given=True)
            _play_next(current)
            # What was said of a picture that could not be read has been seen by now.
            refused = Q(awaited__status__in=[Capture.Status.REFUSED, Capture.Status.FAILED])
            ListeningSession.objects.filter(refused, pk=current.pk).update(awaited=None)


def session_word_set(*, session: ListeningSession, rank: int, kind: str, given: bool) -> None:
    """Take a word about the track at a rank, or take it back; what lies ahead follows it at once.

    Raises UserError for a word that is none of ours (400), or when the track is no longer there (409).
    """
    with transaction.atomic():
        current = _locked(session)
        said_of = current.tracks.filter(rank=rank).first()
        if said_of is None:
            raise UserError("session_moved_on", status=409)
        _word_set(said_of, current, kind, given=given)
        if current.is_active and current.tracks.filter(state=State.PLANNED).exists():
            _replan(current, Mode(current.mode), from_reading=False)


def session_mode_set(*, session: ListeningSession, mode: str) -> None:
    """Change what the music does, from the next track on. Raises UserError for a mode that is none."""
    if mode not in {m.value for m in Mode}:
        raise UserError("unknown_mode")
    with transaction.atomic():
        current = _locked(session)
        playing = current.tracks.filter(state=State.PLAYING).exists()
        if not current.is_active or (current.mode == mode and playing):
            return
        _replan(current, Mode(mode), from_reading=False)
        _play_next(current)


def mood_tell(*, session: ListeningSession, moment: str, valence_step: int, arousal_step: int) -> None:
    """Note how the person says she feels, in two steps of 1 to 5.

    Before the first track is heard she may say how she began; at the end of the path her answer ends the session.
    Raises UserError for a moment that has passed (409) or a step that is none (400).
    """
    try:
        point = step_point(valence_step, arousal_step)
    except ValueError as error:
        raise UserError("unknown_step") from error
    with transaction.atomic():
        current = _locked(session)
        if not current.is_active:
            return
        heard = _heard(current)
        if moment == SessionMood.Moment.BEFORE and heard:
            raise UserError("session_moved_on", status=409)
        before = moment == SessionMood.Moment.BEFORE
        _note(
            current,
            SessionMood.Moment.BEFORE if before else SessionMood.Moment.AFTER,
            heard=heard,
            values={"point": point, "said": SessionMood.Said.TAPS, "reading": None},
        )
        if not before and not current.tracks.filter(state=State.PLAYING).exists():
            session_end(session=current)


def capture_await(*, session: ListeningSession, capture: Capture) -> None:
    """Remember that a capture was taken for a session: its reading will lead on."""
    ListeningSession.objects.filter(pk=session.pk, status=ListeningSession.Status.ACTIVE).update(awaited=capture)
    # A quick worker may have read it before the session was known to wait for it.
    reading = reading_of(capture=capture)
    if reading:
        reading_take(reading=reading)


def reading_take(*, reading: EmotionReading) -> None:
    """Bring sessions in line with a reading: a new one that they wait for, or one that its person corrected.

    A new one is noted as how she feels now, and the rest of the path leads on from it; at the end of the path it ends
    the session. A corrected one changes what was noted, and the rest of a path that it leads. Called when the set of
    a reading is built, in the same transaction, so that the sweeper makes good what a dead worker left.
    """
    with transaction.atomic():
        session = ListeningSession.objects.select_for_update().filter(awaited=reading.capture).first()
        if session and session.is_active and not session.moods.filter(reading=reading).exists():
            _mood_note(session, reading, SessionMood.Moment.AFTER, heard=_heard(session))
            if session.tracks.filter(state=State.PLAYING).exists():
                session.reading = reading
                _replan(session, mode_after_reading(Mode(session.mode), reading.emotion), from_reading=True)
            else:
                session_end(session=session)
            logger.info("session_reading_taken", session_id=session.pk, reading_id=reading.pk)
            return
        changed = [mood for mood in SessionMood.objects.filter(reading=reading) if _mood_correct(mood, reading)]
        led = ListeningSession.objects.select_for_update().filter(reading=reading, status="active").first()
        if changed and led:
            _replan(led, mode_after_reading(Mode(led.mode), reading.emotion), from_reading=False)


def session_end(*, session: ListeningSession) -> None:
    """End a session; what was ahead of it is forgotten."""
    with transaction.atomic():
        ended = ListeningSession.objects.filter(pk=session.pk, status=ListeningSession.Status.ACTIVE).update(
            status=ListeningSession.Status.ENDED, ended_at=timezone.now()
        )
        if ended:
            session.tracks.filter(state=State.PLANNED).delete()
            session.tracks.filter(state=State.PLAYING).update(state=State.DONE)


def tracks_forget(*, tracks: QuerySet[Track]) -> None:
    """Take tracks out of every session, as when their owner deletes them; what played gives way to the next one."""
    with transaction.atomic():
        gone = SessionTrack.objects.filter(track__in=tracks)
        active = ListeningSession.objects.filter(status=ListeningSession.Status.ACTIVE, tracks__in=gone)
        sessions = list(active.distinct())
        gone.delete()
        for session in sessions:
            _play_next(session)


def _locked(session: ListeningSession) -> ListeningSession:
    return ListeningSession.objects.select_for_update(of=("self",)).select_related("reading").get(pk=session.pk)


def _word_set(row: SessionTrack, session: ListeningSession, kind: str, *, given: bool) -> None:
    word_set(
        user_id=session.user_id,
        reading_id=row.reading_id,
        track_id=row.track_id,
        point=Point(row.target_valence, row.target_arousal),
        kind=kind,
        given=given,
    )


def _heard(session: ListeningSession) -> int:
    return session.tracks.filter(state=State.DONE).count()


def _play_next(session: ListeningSession) -> None:
    if session.tracks.filter(state=State.PLAYING).exists():
        return
    following = session.tracks.filter(state=State.PLANNED).order_by("rank").first()
    if following:
        session.tracks.filter(pk=following.pk).update(state=State.PLAYING)


def _tracks_take(session: ListeningSession, found: RecommendationSet) -> None:
    """Take the set that the person saw as the path, and plan on where the path has more points than the set."""
    reading = session.reading
    start = circumplex.target(selectors.distribution_of(reading=reading))
    rows = list(found.recommendations.all())
    way = circumplex.path(start, Mode(session.mode), reading.emotion, max(1, len(rows)))
    SessionTrack.objects.bulk_create(
        _row(session, target, each.rank, each.track_id, each.reason, each.numbers)
        for each, target in zip(rows, way, strict=False)
    )
    _plan_on(session, way[len(rows) :])


def _replan(session: ListeningSession, mode: Mode, *, from_reading: bool) -> None:
    """Plan the rest of the path anew: from the newest reading, or from where the session stands."""
    planned = session.tracks.filter(state=State.PLANNED)
    remaining = planned.count() or MORE
    planned.delete()
    start = circumplex.target(selectors.distribution_of(reading=session.reading))
    emotion = session.reading.emotion
    if from_reading:
        way = circumplex.path(start, mode, emotion, remaining)
    else:
        # Match meets the mood, wherever the music has got to; every other mode goes on from where the music is.
        stands = session.tracks.order_by("-rank").first()
        start = start if stands is None or mode is Mode.MATCH else _target(stands)
        way = ahead(start, mode, emotion, remaining)
    session.mode = mode
    session.goal_valence, session.goal_arousal = circumplex.goal(start, mode, emotion)
    session.save(update_fields=["mode", "reading", "goal_valence", "goal_arousal"])
    _plan_on(session, way)


def _plan_on(session: ListeningSession, way: Sequence[Target]) -> None:
    if not way:
        return
    known = list(session.tracks.values_list("track_id", "rank"))
    first = max((rank for _, rank in known), default=0) + 1
    mode, emotion = Mode(session.mode), session.reading.emotion
    planned = follow(
        catalogue_load(),
        way,
        mode,
        # Keep holds the place that the music has reached, which need not be that of the reading.
        Emotion.NEUTRAL if mode is Mode.KEEP and known else emotion,
        count=len(way),
        seed=zlib.crc32(f"{session.public_id}:{mode}:{emotion}:{first}".encode()),
        first=first,
        recent=selectors.recent_tracks(user=session.user, besides=session.first_reading),
        without=[track_id for track_id, _ in known],
        listener=selectors.listener_of(user=session.user),
    )
    SessionTrack.objects.bulk_create(
        _row(session, target, each.ranked.rank, int(each.ranked.track.key), each.reason, dict(each.ranked.numbers))
        for each, target in zip(planned, way, strict=False)
    )
    track_ids = [each.ranked.track.key for each in planned]
    transaction.on_commit(lambda: tracks_chosen.send(sender=SessionTrack, track_ids=track_ids))


def _row(
    session: ListeningSession, target: Target, rank: int, track_id: int, reason: str, numbers: dict[str, float]
) -> SessionTrack:
    return SessionTrack(
        session=session,
        track_id=track_id,
        reading=session.reading,
        rank=rank,
        mode=session.mode,
        target_valence=target.point.valence,
        target_arousal=target.point.arousal,
        target_sd=list(target.sd),
        target_weights=list(target.weights),
        reason=reason,
        numbers=numbers,
    )


def _target(row: SessionTrack) -> Target:
    return Target(Point(row.target_valence, row.target_arousal), Point(*row.target_sd), Point(*row.target_weights))


def _mood_note(session: ListeningSession, reading: EmotionReading, moment: SessionMood.Moment, *, heard: int) -> None:
    point, said = _mood_of(reading)
    _note(session, moment, heard=heard, values={"point": point, "said": said, "reading": reading})


def _note(session: ListeningSession, moment: SessionMood.Moment, *, heard: int, values: dict[str, Any]) -> None:
    point: Point = values["point"]
    SessionMood.objects.update_or_create(
        session=session,
        moment=moment,
        heard=heard,
        defaults={
            "said": values["said"],
            "reading": values["reading"],
            "valence": point.valence,
            "arousal": point.arousal,
        },
    )


def _mood_of(reading: EmotionReading) -> tuple[Point, SessionMood.Said]:
    point = circumplex.target(selectors.distribution_of(reading=reading)).point
    return point, SessionMood.Said.WORD if reading.corrected else SessionMood.Said.READING


def _mood_correct(mood: SessionMood, reading: EmotionReading) -> bool:
    """Put a corrected reading's place where the old one was noted; return whether that changed anything."""
    point, said = _mood_of(reading)
    if (mood.valence, mood.arousal, mood.said) == (point.valence, point.arousal, said):
        return False
    mood.valence, mood.arousal, mood.said = point.valence, point.arousal, said
    mood.save(update_fields=["valence", "arousal", "said"])
    return True
