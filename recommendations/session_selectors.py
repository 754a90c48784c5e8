"""Read a person's listening sessions."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db.models import Prefetch, QuerySet

from emotion.models import Capture
from ml.types import Emotion
from privacy.selectors import sensitive_use_limited
from recommendations.change import Change, Told, change, helped
from recommendations.circumplex import Mode, Point
from recommendations.helping import Group, Trial, group_of, suggestion
from recommendations.models import ListeningSession, SessionMood, SessionTrack, TrackFeedback
from recommendations.replanning import way_out_offered

State = SessionTrack.State
# Older sessions say less about a person than her latest ones do, and a bound keeps the page quick.
LATEST = 60


@dataclass(frozen=True, slots=True)
class Standing:
    """Tell where a session stands. Without a current track the path is at its end."""

    tracks: tuple[SessionTrack, ...]
    current: SessionTrack | None
    heard: int
    passed: int
    before: SessionMood | None
    after: SessionMood | None
    asks: bool
    offers_way_out: bool

    @property
    def change(self) -> Change | None:
        """Return how the mood changed, if it was told twice."""
        return change_between(self.before, self.after) if self.before and self.after else None


def change_between(before: SessionMood, after: SessionMood) -> Change:
    """Return the change from one told mood to another."""
    return change(_told(before), _told(after))


def _told(mood: SessionMood) -> Told:
    return Told(Point(mood.valence, mood.arousal), mood.said == SessionMood.Said.TAPS)


def standing(*, session: ListeningSession) -> Standing:
    """Return where a session stands, with two queries."""
    tracks = tuple(session.tracks.select_related("track").order_by("rank"))
    moods = list(session.moods.all())
    before = next((mood for mood in moods if mood.moment == SessionMood.Moment.BEFORE), None)
    after = max((m for m in moods if m.moment == SessionMood.Moment.AFTER), key=lambda m: m.heard, default=None)
    current = next((track for track in tracks if track.state == State.PLAYING), None)
    heard = sum(track.state == State.DONE for track in tracks)
    stayed = sum(track.state in {State.DONE, State.SKIPPED} and track.mode == session.mode for track in tracks)
    since = heard - (after.heard if after else 0)
    return Standing(
        tracks=tracks,
        current=current,
        heard=heard,
        passed=sum(track.state in {State.DONE, State.SKIPPED} for track in tracks),
        before=before,
        after=after,
        asks=session.is_active and (current is None or since >= settings.SESSION_ASK_AFTER),
        offers_way_out=session.is_active
        and way_out_offered(Mode(session.mode), Emotion(session.reading.emotion), stayed),
    )


def said_of(*, row: SessionTrack) -> set[str]:
    """Return what its person said about a track of a session."""
    said = TrackFeedback.objects.filter(reading_id=row.reading_id, track_id=row.track_id)
    return set(said.values_list("kind", flat=True))


def active_session(*, user: Any) -> ListeningSession | None:
    """Return the session that a person has under way."""
    return ListeningSession.objects.for_user(user).filter(status=ListeningSession.Status.ACTIVE).first()


def sessions_of(*, user: Any) -> QuerySet[ListeningSession]:
    """Return a person's sessions, the latest first, with what their list shows."""
    told = SessionMood.objects.order_by("heard", "pk")
    return (
        ListeningSession.objects.for_user(user)
        .select_related("first_reading")
        .prefetch_related(Prefetch("moods", queryset=told), "tracks")
        .order_by("-created_at", "-pk")
    )


def trials(*, user: Any) -> list[Trial]:
    """Return what a person's latest sessions showed of their modes, with three queries."""
    found = (trial_of(session) for session in sessions_of(user=user)[:LATEST])
    return [trial for trial in found if trial]


def trial_of(session: ListeningSession) -> Trial | None:
    """Return what one session showed, or None when it was not told after, or no track was heard.

    A session that changed its mode stands for the one in which most of its tracks were heard.
    """
    moods = {mood.moment: mood for mood in session.moods.all()}
    modes = Counter(track.mode for track in session.tracks.all() if track.state == State.DONE)
    if len(moods) < 2 or not modes:
        return None
    group = group_of(session.first_reading.emotion)
    found = change_between(moods[SessionMood.Moment.BEFORE], moods[SessionMood.Moment.AFTER])
    good = helped(group is Group.EASY, group is Group.TENSE, found)
    return Trial(group, Mode(modes.most_common(1)[0][0]), good)


def helped_before(*, user: Any, emotion: Emotion) -> Mode | None:
    """Return the mode that has helped a person on days like this one, or None while too little is known.

    None, too, where she limits the use of her moods to the reading that she asked for.
    """
    if sensitive_use_limited(user=user):
        return None
    return suggestion(trials(user=user), emotion)


def session_of_capture(*, capture: Capture) -> ListeningSession | None:
    """Return the session for which a capture was taken."""
    return ListeningSession.objects.for_user(capture.user).filter(awaited=capture).first()


def reading_awaited(*, session: ListeningSession) -> Capture | None:
    """Return the capture whose reading the session still waits for."""
    capture = session.awaited
    if capture is None or capture.status in {Capture.Status.REFUSED, Capture.Status.FAILED}:
        return None
    taken = session.moods.filter(reading__capture=capture).exists()
    return None if taken else capture
