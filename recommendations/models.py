"""The catalogue, the sets of music that were recommended, and the sessions in which they are heard."""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils import timezone

from emotion.models import Capture, EmotionReading
from mood_music.querysets import OwnedQuerySet
from recommendations.circumplex import Mode
from recommendations.corrections import LISTENERS
from recommendations.learning import Kind

MODE_CHOICES = [(m.value, m.value.capitalize()) for m in Mode]


class TrackQuerySet(models.QuerySet["Track"]):
    """Tell what is everybody's from what is one person's."""

    def shared(self) -> TrackQuerySet:
        """Keep the catalogue."""
        return self.filter(owner=None)

    def own(self, user: Any) -> TrackQuerySet:
        """Keep what a person brought and has not passed its term."""
        return self.filter(owner=user, expires_at__gt=timezone.now()) if user.is_authenticated else self.none()


class Track(models.Model):
    """Describe one recording. Valence and arousal are 0 to 1; `rated_by` says whose estimates.

    Without an owner it belongs to the catalogue, for everybody. With one it came from a playlist of hers: nobody else
    ever sees or hears it, and it is deleted at `expires_at`.
    """

    title = models.CharField(max_length=300)
    artist = models.CharField(max_length=300)
    key = models.CharField(max_length=640, help_text="folded title and artist")
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.CASCADE, related_name="own_tracks"
    )
    expires_at = models.DateTimeField(null=True, blank=True, db_index=True)
    year = models.PositiveSmallIntegerField()
    genres = models.JSONField(default=list)
    language = models.CharField(max_length=8, blank=True, help_text="ISO 639; empty without words, or when not known")
    instrumental = models.BooleanField(default=False)
    explicit = models.BooleanField(default=False)
    valence = models.FloatField()
    arousal = models.FloatField()
    rated_by = models.CharField(max_length=64)

    objects = TrackQuerySet.as_manager()

    class Meta:
        """Keep ratings on the plane, and each recording once in the catalogue and once with its owner."""

        constraints = [
            models.CheckConstraint(
                condition=models.Q(valence__range=(0, 1), arousal__range=(0, 1)), name="track_on_the_plane"
            ),
            models.CheckConstraint(
                condition=models.Q(owner=None, expires_at=None)
                | models.Q(owner__isnull=False, expires_at__isnull=False),
                name="track_of_an_owner_expires",
            ),
            models.UniqueConstraint(fields=["key"], condition=models.Q(owner=None), name="track_once_in_the_catalogue"),
            models.UniqueConstraint(fields=["owner", "key"], name="track_once_with_its_owner"),
        ]

    def __str__(self) -> str:
        return f"{self.title} by {self.artist}"


class CatalogueRevision(models.Model):
    """Name the state of the catalogue, in one row, so that processes know when their copy is old."""

    token = models.UUIDField()

    def __str__(self) -> str:
        return str(self.token)


class ListenerPreferences(models.Model):
    """Hold what a person said she likes to hear, which mode suits her in which mood, and what the site may say."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="listener_preferences")
    genres = models.JSONField(default=list, help_text="preferred genres; none means all")
    eras = models.JSONField(default=list, help_text="preferred decades by their first year; none means all")
    languages = models.JSONField(default=list, help_text="preferred languages (ISO 639); none means all")
    blocked_artists = models.JSONField(default=list, help_text="artists never to play")
    allow_explicit = models.BooleanField(default=True)
    default_modes = models.JSONField(default=dict, help_text="emotion to mode; what is missing is for us to choose")
    companion = models.BooleanField(default=True, help_text="a kind sentence beside results and sessions")
    help_line = models.BooleanField(default=True, help_text="where to find help when several days were low")
    updated_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return f"preferences {self.pk}"


class FeedbackQuerySet(OwnedQuerySet["TrackFeedback"]):
    """Narrow feedback to its owner."""


class TrackFeedback(models.Model):
    """Hold one word of a person about a track that answered a reading; it goes with the reading."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="track_feedback")
    reading = models.ForeignKey(EmotionReading, on_delete=models.CASCADE, related_name="track_feedback")
    track = models.ForeignKey(Track, on_delete=models.CASCADE, related_name="feedback")
    kind = models.CharField(max_length=16, choices=[(kind.value, kind.value) for kind in Kind])
    valence = models.FloatField(help_text="the point of the plane that the track was meant to answer")
    arousal = models.FloatField()
    created_at = models.DateTimeField(auto_now_add=True)

    objects = FeedbackQuerySet.as_manager()

    class Meta:
        """Each word once for a track and a reading, however often it is tapped."""

        constraints = [
            models.UniqueConstraint(fields=["reading", "track", "kind"], name="feedback_once"),
            models.CheckConstraint(condition=models.Q(kind__in=[kind.value for kind in Kind]), name="feedback_known"),
            models.CheckConstraint(
                condition=models.Q(valence__range=(0, 1), arousal__range=(0, 1)), name="feedback_on_the_plane"
            ),
        ]
        indexes = [models.Index(fields=["user", "-id"], name="feedback_recent")]

    def __str__(self) -> str:
        return f"{self.kind} for track {self.track_id}"


class RatingProposal(models.Model):
    """Propose another place on the plane for a track, from what at least ten people said. See `ratings`."""

    class Status(models.TextChoices):
        """List the states."""

        OPEN = "open", "Open"
        ACCEPTED = "accepted", "Accepted"
        REJECTED = "rejected", "Rejected"

    track = models.ForeignKey(Track, on_delete=models.CASCADE, related_name="rating_proposals")
    status = models.CharField(max_length=8, choices=Status, default=Status.OPEN)
    old_valence = models.FloatField()
    old_arousal = models.FloatField()
    valence = models.FloatField()
    arousal = models.FloatField()
    listeners = models.PositiveIntegerField(help_text="people who spoke; never fewer than ten")
    wrong_mood_percent = models.PositiveSmallIntegerField(help_text="share of “wrong mood”, to the nearest ten")
    created_at = models.DateTimeField(help_text="when it was computed last")
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        """One open proposal for each track, on the plane."""

        constraints = [
            models.UniqueConstraint(fields=["track"], condition=models.Q(status="open"), name="proposal_one_open"),
            models.CheckConstraint(
                condition=models.Q(valence__range=(0, 1), arousal__range=(0, 1)), name="proposal_on_the_plane"
            ),
            models.CheckConstraint(condition=models.Q(listeners__gte=LISTENERS), name="proposal_of_many"),
        ]

    def __str__(self) -> str:
        return f"proposal {self.pk} for track {self.track_id}"


class RatingChange(models.Model):
    """Write down that a rating was changed. Rows are only ever added; who accepted it stands in the audit log."""

    track = models.ForeignKey(Track, on_delete=models.CASCADE, related_name="rating_changes")
    proposal = models.OneToOneField(RatingProposal, on_delete=models.CASCADE, related_name="change")
    old_valence = models.FloatField()
    old_arousal = models.FloatField()
    new_valence = models.FloatField()
    new_arousal = models.FloatField()
    old_rated_by = models.CharField(max_length=64)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"change {self.pk} of track {self.track_id}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Add the row. Raises TypeError for a change of one that exists: a record that can change proves nothing."""
        if not self._state.adding:
            raise TypeError("rating changes are append-only")
        super().save(*args, **kwargs)


class SetQuerySet(OwnedQuerySet["RecommendationSet"]):
    """Narrow sets to their owner."""


class RecommendationSet(models.Model):
    """Hold the music for one reading in one mode, with the way it takes across the plane."""

    reading = models.ForeignKey(EmotionReading, on_delete=models.CASCADE, related_name="sets")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="recommendation_sets")
    mode = models.CharField(max_length=8, choices=MODE_CHOICES)
    start_valence = models.FloatField()
    start_arousal = models.FloatField()
    goal_valence = models.FloatField()
    goal_arousal = models.FloatField()
    edition = models.PositiveSmallIntegerField(default=1, help_text="how often it was chosen anew, counted from 1")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = SetQuerySet.as_manager()

    class Meta:
        """One set for each reading and mode, however often its task runs."""

        constraints = [models.UniqueConstraint(fields=["reading", "mode"], name="set_once_per_reading_and_mode")]
        indexes = [models.Index(fields=["user", "-created_at"], name="set_recent")]

    def __str__(self) -> str:
        return f"{self.mode} for reading {self.reading_id}"


class Recommendation(models.Model):
    """Hold one track of a set, with the reason in words and the numbers behind it."""

    recommendation_set = models.ForeignKey(RecommendationSet, on_delete=models.CASCADE, related_name="recommendations")
    track = models.ForeignKey(Track, on_delete=models.RESTRICT, related_name="+")
    rank = models.PositiveSmallIntegerField()
    score = models.FloatField()
    reason = models.CharField(max_length=300)
    numbers = models.JSONField(default=dict)

    class Meta:
        """Every rank and every track once a set."""

        ordering = ["rank"]
        constraints = [
            models.UniqueConstraint(fields=["recommendation_set", "rank"], name="rank_once_per_set"),
            models.UniqueConstraint(fields=["recommendation_set", "track"], name="track_once_per_set"),
        ]

    def __str__(self) -> str:
        return f"{self.rank} of set {self.recommendation_set_id}"


class SpotifyTrack(models.Model):
    """Hold what Spotify calls a track of the catalogue, for a month at most; the cover itself is never kept.

    A row without `uri` says that nothing fitting was found, so that nobody asks again at once.
    """

    track = models.OneToOneField(Track, on_delete=models.CASCADE, related_name="spotify")
    uri = models.CharField(max_length=64, blank=True)
    name = models.CharField(max_length=400, blank=True)
    artists = models.JSONField(default=list)
    image_url = models.URLField(max_length=400, blank=True)
    score = models.FloatField(default=0.0, help_text="how like it is to the track of the catalogue, 0 to 1")
    fetched_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return self.uri or "not found"


class ProviderState(models.Model):
    """Hold whether a provider may be called now; one row for each, shared by all processes."""

    provider = models.CharField(max_length=32, unique=True)
    window_started_at = models.DateTimeField(null=True, blank=True)
    window_calls = models.PositiveIntegerField(default=0)
    failures = models.PositiveIntegerField(default=0, help_text="in a row")
    paused_until = models.DateTimeField(null=True, blank=True)
    probe_until = models.DateTimeField(null=True, blank=True, help_text="until then others wait for one trial call")

    def __str__(self) -> str:
        return self.provider


class SessionQuerySet(OwnedQuerySet["ListeningSession"]):
    """Narrow sessions to their owner."""


class ListeningSession(models.Model):
    """Stand for one person listening along a path on the plane, from a reading to how she feels after.

    ACTIVE --end, or a mood told at the end of the path--> ENDED. A session goes with the reading that it began with
    and with the newest one it took in; what was planned or noted by one in between goes with that one.
    """

    class Status(models.TextChoices):
        """List the states."""

        ACTIVE = "active", "Under way"
        ENDED = "ended", "Ended"

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="listening_sessions")
    status = models.CharField(max_length=8, choices=Status, default=Status.ACTIVE)
    mode = models.CharField(max_length=8, choices=MODE_CHOICES)
    first_mode = models.CharField(max_length=8, choices=MODE_CHOICES, help_text="the mode it began in")
    first_reading = models.ForeignKey(EmotionReading, on_delete=models.CASCADE, related_name="sessions_begun")
    reading = models.ForeignKey(
        EmotionReading, on_delete=models.CASCADE, related_name="+", help_text="the newest one; it leads the way"
    )
    # A capture that was taken for this session; its reading, once there, plans the rest anew.
    awaited = models.OneToOneField(Capture, null=True, blank=True, on_delete=models.SET_NULL, related_name="session")
    goal_valence = models.FloatField()
    goal_arousal = models.FloatField()
    created_at = models.DateTimeField(auto_now_add=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = SessionQuerySet.as_manager()

    class Meta:
        """One session under way for each person."""

        constraints = [
            models.UniqueConstraint(fields=["user"], condition=models.Q(status="active"), name="session_one_active"),
            models.CheckConstraint(
                condition=models.Q(status="active", ended_at=None) | models.Q(status="ended", ended_at__isnull=False),
                name="session_ended_has_time",
            ),
            models.CheckConstraint(
                condition=models.Q(goal_valence__range=(0, 1), goal_arousal__range=(0, 1)),
                name="session_goal_on_the_plane",
            ),
        ]
        indexes = [models.Index(fields=["user", "-created_at"], name="session_recent")]

    def __str__(self) -> str:
        return str(self.public_id)

    def get_absolute_url(self) -> str:
        """Return its page."""
        return reverse("session", args=[self.public_id])

    @property
    def is_active(self) -> bool:
        """Tell whether it is under way."""
        return self.status == self.Status.ACTIVE


class SessionTrack(models.Model):
    """Hold one track of a session: what it answers on the path, and what became of it.

    PLANNED --its turn--> PLAYING --next--> DONE, or --skip--> SKIPPED. What is planned is thrown away when the rest of
    the path is planned anew.
    """

    class State(models.TextChoices):
        """List the states."""

        PLANNED = "planned", "Ahead"
        PLAYING = "playing", "Now"
        DONE = "done", "Heard"
        SKIPPED = "skipped", "Skipped"

    session = models.ForeignKey(ListeningSession, on_delete=models.CASCADE, related_name="tracks")
    track = models.ForeignKey(Track, on_delete=models.RESTRICT, related_name="+")
    reading = models.ForeignKey(EmotionReading, on_delete=models.CASCADE, related_name="+", help_text="planned by it")
    rank = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=8, choices=State, default=State.PLANNED)
    mode = models.CharField(max_length=8, choices=MODE_CHOICES, help_text="the mode it was chosen in")
    target_valence = models.FloatField()
    target_arousal = models.FloatField()
    target_sd = models.JSONField(help_text="spread of the target: valence, arousal")
    target_weights = models.JSONField(help_text="how tightly each axis is held: valence, arousal")
    reason = models.CharField(max_length=300)
    numbers = models.JSONField(default=dict)

    class Meta:
        """Every rank and every track once a session, and one that plays."""

        ordering = ["rank"]
        constraints = [
            models.UniqueConstraint(fields=["session", "rank"], name="session_rank_once"),
            models.UniqueConstraint(fields=["session", "track"], name="session_track_once"),
            models.UniqueConstraint(
                fields=["session"], condition=models.Q(state="playing"), name="session_one_track_plays"
            ),
            models.CheckConstraint(
                condition=models.Q(target_valence__range=(0, 1), target_arousal__range=(0, 1)),
                name="session_target_on_the_plane",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.rank} of session {self.session_id}"


class SessionMood(models.Model):
    """Hold how a person felt at one moment of a session, and how it was said."""

    class Moment(models.TextChoices):
        """Tell the mood a session began with from those that came after."""

        BEFORE = "before", "Before"
        AFTER = "after", "After"

    class Said(models.TextChoices):
        """List the ways in which a mood is told."""

        READING = "reading", "Read from the face"
        WORD = "word", "One of eight words"
        TAPS = "taps", "Two taps"

    session = models.ForeignKey(ListeningSession, on_delete=models.CASCADE, related_name="moods")
    moment = models.CharField(max_length=8, choices=Moment)
    said = models.CharField(max_length=8, choices=Said)
    valence = models.FloatField()
    arousal = models.FloatField()
    heard = models.PositiveSmallIntegerField(help_text="how many tracks had been heard by then")
    reading = models.ForeignKey(EmotionReading, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        """One mood for each moment, however often a form is sent."""

        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["session", "moment", "heard"], name="session_mood_once_a_moment"),
            models.CheckConstraint(
                condition=models.Q(valence__range=(0, 1), arousal__range=(0, 1)), name="session_mood_on_the_plane"
            ),
            models.CheckConstraint(
                condition=models.Q(said="taps", reading=None)
                | models.Q(reading__isnull=False) & ~models.Q(said="taps"),
                name="session_mood_names_its_reading",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.moment} of session {self.session_id}"


class SavedPlaylist(models.Model):
    """Remember that music was saved as a playlist, so that saving it again makes no second one.

    Made before the call with a claim; `playlist_id` is known once Spotify has made the list, `filled_at` once the
    tracks are in it. Whoever presses again goes on from there.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="saved_playlists")
    recommendation_set = models.OneToOneField(
        RecommendationSet, null=True, blank=True, on_delete=models.CASCADE, related_name="playlist"
    )
    listening_session = models.OneToOneField(
        "ListeningSession", null=True, blank=True, on_delete=models.CASCADE, related_name="playlist"
    )
    playlist_id = models.CharField(max_length=64, blank=True)
    url = models.URLField(max_length=200, blank=True)
    track_ids = models.JSONField(default=list, help_text="what was put into it: rows of the catalogue, in order")
    claim_token = models.UUIDField(null=True, blank=True)
    claimed_until = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    filled_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        """A playlist holds the music of one set or of one session."""

        constraints = [
            models.CheckConstraint(
                condition=models.Q(recommendation_set=None) ^ models.Q(listening_session=None),
                name="playlist_of_one_source",
            )
        ]

    def __str__(self) -> str:
        return f"saved playlist {self.pk}"
