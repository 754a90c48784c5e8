"""Read the catalogue and the sets of a person."""

from __future__ import annotations

from typing import Any

from emotion.models import EmotionReading
from ml.types import Emotion
from privacy.selectors import sensitive_use_limited
from recommendations.catalogue_cache import catalogue_tracks
from recommendations.circumplex import Mode, Point, default_mode
from recommendations.learning import Kind, Taste, Verdict
from recommendations.models import (
    ListenerPreferences,
    ListeningSession,
    Recommendation,
    RecommendationSet,
    SessionTrack,
    Track,
    TrackFeedback,
)
from recommendations.planning import Listener, certain
from recommendations.ranking import NO_PREFERENCE, Preferences
from recommendations.session_selectors import helped_before

RECENT_SETS = 5
LONGEST_ID = 18
"""So many digits fit into a row's id; a longer number is none."""
LATEST_VERDICTS = 2000
"""How many words of a person are learned from: more would only slow every set down."""


def recent_tracks(*, user: Any, besides: EmotionReading) -> set[int]:
    """Return the ids of tracks in a person's latest sets for other readings, and of what her latest sessions played.

    A session whose path was planned anew has played tracks that stand in no set.
    """
    sets = RecommendationSet.objects.for_user(user).exclude(reading=besides).order_by("-created_at", "-id")
    latest = list(sets.values_list("pk", flat=True)[:RECENT_SETS])
    shown = Recommendation.objects.filter(recommendation_set_id__in=latest).values_list("track_id", flat=True)
    sessions = ListeningSession.objects.for_user(user).exclude(first_reading=besides).order_by("-created_at", "-id")
    along = list(sessions.values_list("pk", flat=True)[:RECENT_SETS])
    played = SessionTrack.objects.filter(session_id__in=along).exclude(state=SessionTrack.State.PLANNED)
    return {*shown, *played.values_list("track_id", flat=True)}


def listener_preferences(*, user: Any) -> ListenerPreferences | None:
    """Return what a person said about her music, or None when she has not."""
    return ListenerPreferences.objects.filter(user=user).first()


def listener_of(*, user: Any) -> Listener:
    """Return a person as planning knows her."""
    own = tuple(catalogue_tracks(Track.objects.own(user)))
    known = _known_to_the_catalogue(user) if own else {}
    return Listener(
        preferences=_preferences(listener_preferences(user=user)),
        taste=_taste(user),
        own=tuple(track for track in own if track.key not in known),
        # Of a recording that she brought and the catalogue has, the catalogue's rating is the better one.
        playlists=frozenset(known.get(track.key, track.key) for track in own),
    )


def _known_to_the_catalogue(user: Any) -> dict[int | str, int]:
    """Return which of a person's own tracks the catalogue has as well: their ids to its ids."""
    own = dict(Track.objects.own(user).values_list("key", "pk"))
    shared = Track.objects.shared().filter(key__in=Track.objects.own(user).values("key"))
    return {own[key]: pk for key, pk in shared.values_list("key", "pk")}


def _taste(user: Any) -> Taste:
    if sensitive_use_limited(user=user):
        # What she said stays, what it tells of her moods is not drawn upon.
        return Taste(())
    rows = TrackFeedback.objects.for_user(user).select_related("track").order_by("-pk")[:LATEST_VERDICTS]
    return Taste(
        Verdict(
            track=row.track_id,
            title=row.track.title,
            artist=row.track.artist,
            genres=tuple(row.track.genres),
            place=Point(row.valence, row.arousal),
            kind=Kind(row.kind),
        )
        for row in reversed(rows)
    )


def feedback_on(*, reading: EmotionReading) -> dict[int, set[str]]:
    """Return what a person said about the tracks of a reading: track id to kinds."""
    said: dict[int, set[str]] = {}
    for track_id, kind in reading.track_feedback.values_list("track_id", "kind"):
        said.setdefault(track_id, set()).add(kind)
    return said


def recommendation_of(*, reading: EmotionReading, track: str) -> Recommendation | None:
    """Return the recommendation of a track, named by its id, for a reading, the latest first; None without one."""
    if not track.isdecimal() or len(track) > LONGEST_ID:
        return None
    found = Recommendation.objects.filter(recommendation_set__reading=reading, track_id=int(track))
    return found.select_related("track", "recommendation_set").order_by("-recommendation_set_id").first()


def _preferences(found: ListenerPreferences | None) -> Preferences:
    if found is None:
        return NO_PREFERENCE
    return Preferences(
        languages=frozenset(found.languages),
        genres=frozenset(found.genres),
        eras=frozenset(found.eras),
        blocked_artists=frozenset(found.blocked_artists),
        allow_explicit=found.allow_explicit,
    )


def distribution_of(*, reading: EmotionReading) -> dict[Emotion, float]:
    """Return the probabilities of a reading's emotions: the person's word is certain, the model's scores are not."""
    if reading.corrected:
        return certain(reading.emotion)
    return {Emotion(name): float(score) for name, score in reading.scores.items()}


def mode_of(*, reading: EmotionReading) -> Mode:
    """Return the mode in force for a reading.

    The choice for this reading comes first, then the mode that its music was built in, then the person's own
    default for the emotion, then what has helped her on such days, then ours. So a default that changes later leaves
    earlier readings as they are.
    """
    if reading.capture.mode:
        return Mode(reading.capture.mode)
    built = reading.sets.order_by("pk").values_list("mode", flat=True).first()
    if built:
        return Mode(built)
    own = ListenerPreferences.objects.filter(user=reading.user_id).values_list("default_modes", flat=True).first()
    chosen = (own or {}).get(reading.emotion.value)
    if chosen:
        return Mode(chosen)
    return helped_before(user=reading.user, emotion=reading.emotion) or default_mode(reading.emotion)


def set_of(*, reading: EmotionReading) -> RecommendationSet | None:
    """Return the set of a reading in the mode in force, with its tracks, or None while it is not built."""
    return reading.sets.filter(mode=mode_of(reading=reading)).prefetch_related("recommendations__track").first()
