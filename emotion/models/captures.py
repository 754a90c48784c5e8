"""Captures and the readings made of them.

State machine of a Capture (every arrow is one filtered UPDATE, so that two workers cannot both take it):

    PENDING --claim--> PROCESSING --record--> DONE
       ^                  |  |--- refuse ---> REFUSED   the picture cannot be read; the person can do something
       |<-- release ------+  |--- give up --> FAILED    three attempts failed on our side
            (error, or the lease ran out)

A claim writes a fresh token and a lease; every later write filters on the token. DONE, REFUSED and FAILED are final
and hold no picture of the capture any more.
"""

from __future__ import annotations

import datetime
import uuid

from django.conf import settings
from django.db import models
from django.urls import reverse

from ml.types import Emotion
from mood_music.querysets import OwnedQuerySet

EMOTION_CHOICES = [(e.value, e.value.capitalize()) for e in Emotion]


def capture_image_path(capture: Capture, filename: str) -> str:
    """Return where a picture waits to be read: a random name that says nothing of its owner."""
    return f"captures/{uuid.uuid4().hex}.jpg"


def crop_path(reading: EmotionReading, filename: str) -> str:
    """Return where a kept crop lies."""
    return f"crops/{uuid.uuid4().hex}.jpg"


class CaptureQuerySet(OwnedQuerySet["Capture"]):
    """Narrow captures to their owner."""


class Capture(models.Model):
    """Stand for one picture that somebody sent, from arrival to its final state."""

    class Status(models.TextChoices):
        """List the states; see the module's drawing."""

        PENDING = "pending", "Waiting"
        PROCESSING = "processing", "Being read"
        DONE = "done", "Done"
        REFUSED = "refused", "Could not be read"
        FAILED = "failed", "Failed"

    class Source(models.TextChoices):
        """List the ways in which a picture comes."""

        UPLOAD = "upload", "Upload"
        CAMERA = "camera", "Camera"

    OPEN = (Status.PENDING, Status.PROCESSING)

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="captures")
    status = models.CharField(max_length=16, choices=Status, default=Status.PENDING)
    source = models.CharField(max_length=16, choices=Source)
    mode = models.CharField(max_length=8, blank=True, help_text="listening mode asked for; empty for what suits")
    image = models.FileField(upload_to=capture_image_path, blank=True)
    refusal = models.CharField(max_length=32, blank=True, help_text="message id")
    idempotency_key = models.CharField(max_length=64)
    attempts = models.PositiveSmallIntegerField(default=0)
    claim_token = models.UUIDField(null=True, blank=True)
    lease_expires_at = models.DateTimeField(null=True, blank=True)
    published_at = models.DateTimeField(null=True, blank=True, help_text="when its id was last put on the queue")
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True, help_text="when it is deleted; never, if empty")

    objects = CaptureQuerySet.as_manager()

    class Meta:
        """One capture for each key of a person; the sweeper finds open ones without a scan."""

        constraints = [
            models.UniqueConstraint(fields=["user", "idempotency_key"], name="capture_key_once_per_user"),
            models.CheckConstraint(
                condition=~models.Q(status="processing") | models.Q(claim_token__isnull=False),
                name="capture_processing_has_token",
            ),
            models.CheckConstraint(
                condition=models.Q(status__in=["pending", "processing"]) | models.Q(image=""),
                name="capture_final_has_no_image",
            ),
        ]
        indexes = [
            models.Index(
                fields=["created_at"],
                condition=models.Q(status__in=["pending", "processing"]),
                name="capture_open",
            ),
            models.Index(fields=["expires_at"], name="capture_expires"),
        ]

    def __str__(self) -> str:
        return str(self.public_id)

    def get_absolute_url(self) -> str:
        """Return the page that shows its result."""
        return reverse("result", args=[self.public_id])

    @property
    def is_open(self) -> bool:
        """Tell whether it still waits or is being read."""
        return self.status in self.OPEN


class ReadingQuerySet(OwnedQuerySet["EmotionReading"]):
    """Narrow readings to their owner."""


class EmotionReading(models.Model):
    """Hold what one model saw in one capture, and what the person said to it."""

    capture = models.ForeignKey(Capture, on_delete=models.CASCADE, related_name="readings")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="readings")
    model_version = models.CharField(max_length=64)
    scores = models.JSONField(help_text="probability of each of the eight expressions, summing to one")
    dominant = models.CharField(max_length=16, choices=EMOTION_CHOICES)
    confidence = models.FloatField()
    sure = models.BooleanField()
    valence = models.FloatField()
    arousal = models.FloatField()
    valence_sd = models.FloatField()
    arousal_sd = models.FloatField()
    box = models.JSONField(help_text="the face that was read: x, y, width, height in pixels of the picture")
    faces = models.JSONField(help_text="boxes of all faces, the one that was read first")
    picture_width = models.PositiveIntegerField()
    picture_height = models.PositiveIntegerField()
    quality = models.JSONField()
    crop = models.FileField(upload_to=crop_path, blank=True)
    corrected_emotion = models.CharField(max_length=16, choices=EMOTION_CHOICES, blank=True)
    corrected_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ReadingQuerySet.as_manager()

    class Meta:
        """One reading for each capture and model; the history pages by time and id."""

        constraints = [
            models.UniqueConstraint(fields=["capture", "model_version"], name="reading_once_per_capture_and_model"),
            models.CheckConstraint(
                condition=models.Q(confidence__range=(0, 1), valence__range=(0, 1), arousal__range=(0, 1)),
                name="reading_in_unit_range",
            ),
        ]
        indexes = [models.Index(fields=["user", "-created_at", "-id"], name="reading_history")]

    def __str__(self) -> str:
        return f"reading {self.pk}"

    @property
    def emotion(self) -> Emotion:
        """Return what counts: the person's word where she gave one, the model's otherwise."""
        return Emotion(self.corrected_emotion or self.dominant)

    @property
    def moment(self) -> datetime.datetime:
        """Return when it was: its place in a history."""
        return self.created_at

    @property
    def label(self) -> str:
        """Return the word for people."""
        return self.emotion.value.capitalize()

    @property
    def corrected(self) -> bool:
        """Tell whether the person gave her own word, be it another or the same."""
        return bool(self.corrected_emotion)

    @property
    def confirmed(self) -> bool:
        """Tell whether the person's own word is the model's."""
        return self.corrected_emotion == self.dominant


class ToldMoodQuerySet(OwnedQuerySet["ToldMood"]):
    """Narrow noted moods to their owner."""


class ToldMood(models.Model):
    """Hold a mood that a person noted herself, elsewhere. No model had a part in it."""

    class Source(models.TextChoices):
        """List where it was noted."""

        DAYLIO = "daylio", "Daylio"

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="told_moods")
    felt_at = models.DateTimeField()
    emotion = models.CharField(max_length=16, choices=EMOTION_CHOICES)
    word = models.CharField(max_length=32, help_text="as it was noted there")
    source = models.CharField(max_length=16, choices=Source)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ToldMoodQuerySet.as_manager()

    class Meta:
        """One mood a moment and source, however often a file is brought in."""

        constraints = [models.UniqueConstraint(fields=["user", "source", "felt_at"], name="told_once")]
        ordering = ["-felt_at", "-id"]

    def __str__(self) -> str:
        return f"told mood {self.pk}"

    @property
    def moment(self) -> datetime.datetime:
        """Return when it was felt: its place in a history."""
        return self.felt_at
