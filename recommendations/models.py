"""The catalogue, and the sets of music that were recommended."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models

from emotion.models import EmotionReading
from recommendations.circumplex import Mode

MODE_CHOICES = [(m.value, m.value.capitalize()) for m in Mode]


class Track(models.Model):
    """Describe one recording of the catalogue. Valence and arousal are 0 to 1; `rated_by` says whose estimates."""

    title = models.CharField(max_length=300)
    artist = models.CharField(max_length=300)
    key = models.CharField(max_length=640, unique=True, help_text="folded title and artist")
    year = models.PositiveSmallIntegerField()
    genres = models.JSONField(default=list)
    language = models.CharField(max_length=8, blank=True, help_text="ISO 639; empty for pieces without words")
    instrumental = models.BooleanField(default=False)
    explicit = models.BooleanField(default=False)
    valence = models.FloatField()
    arousal = models.FloatField()
    rated_by = models.CharField(max_length=64)

    class Meta:
        """Keep ratings on the plane."""

        constraints = [
            models.CheckConstraint(
                condition=models.Q(valence__range=(0, 1), arousal__range=(0, 1)), name="track_on_the_plane"
            )
        ]

    def __str__(self) -> str:
        return f"{self.title} by {self.artist}"


class ListenerPreferences(models.Model):
    """Hold what a person said she likes to hear, and which mode suits her in which mood."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="listener_preferences")
    genres = models.JSONField(default=list, help_text="preferred genres; none means all")
    eras = models.JSONField(default=list, help_text="preferred decades by their first year; none means all")
    languages = models.JSONField(default=list, help_text="preferred languages (ISO 639); none means all")
    blocked_artists = models.JSONField(default=list, help_text="artists never to play")
    allow_explicit = models.BooleanField(default=True)
    default_modes = models.JSONField(default=dict, help_text="emotion to mode; what is missing is for us to choose")
    updated_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return f"preferences {self.pk}"


class SetQuerySet(models.QuerySet["RecommendationSet"]):
    """Narrow sets to their owner."""

    def for_user(self, user: Any) -> SetQuerySet:
        """Keep what a person may see: her own."""
        return self.filter(user=user) if user.is_authenticated else self.none()


class RecommendationSet(models.Model):
    """Hold the music for one reading in one mode, with the way it takes across the plane."""

    reading = models.ForeignKey(EmotionReading, on_delete=models.CASCADE, related_name="sets")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="recommendation_sets")
    mode = models.CharField(max_length=8, choices=MODE_CHOICES)
    start_valence = models.FloatField()
    start_arousal = models.FloatField()
    goal_valence = models.FloatField()
    goal_arousal = models.FloatField()
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
    track = models.ForeignKey(Track, on_delete=models.PROTECT, related_name="+")
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
