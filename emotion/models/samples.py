"""Aligned faces from which the network may learn, each with the consent that allows it.

State machine of a TrainingSample:

    WAITING --the person corrects or confirms--> PENDING --accept, relabel--> ACCEPTED
       |                                            |
       | term is over: deleted                      +-------reject: picture deleted--> REJECTED

Withdrawal of the consent, erasure of the account or of the reading deletes the row and its picture in any state.
"""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models

from emotion.models.captures import EMOTION_CHOICES, EmotionReading
from mood_music.querysets import OwnedQuerySet
from privacy.models import ConsentRecord


def sample_path(sample: TrainingSample, filename: str) -> str:
    """Return where an aligned face lies: a random name that says nothing of its owner."""
    return f"samples/{uuid.uuid4().hex}.png"


class TrainingSampleQuerySet(OwnedQuerySet["TrainingSample"]):
    """Narrow samples to their owner."""


class TrainingSample(models.Model):
    """Hold one aligned grey face, 48x48, with the label its person gave it, and where it comes from."""

    class Status(models.TextChoices):
        """List the states; see the module's drawing."""

        WAITING = "waiting", "Without the person's word"
        PENDING = "pending", "To be reviewed"
        ACCEPTED = "accepted", "Accepted"
        REJECTED = "rejected", "Rejected"

    class Origin(models.TextChoices):
        """List what the person said of the reading."""

        CORRECTED = "corrected", "Corrected"
        CONFIRMED = "confirmed", "Confirmed"

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="training_samples")
    reading = models.OneToOneField(
        EmotionReading,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="training_sample",
        help_text="empty once a reading that was not to be kept is forgotten",
    )
    consent = models.ForeignKey(ConsentRecord, on_delete=models.CASCADE, related_name="training_samples")
    status = models.CharField(max_length=8, choices=Status, default=Status.WAITING)
    image = models.FileField(upload_to=sample_path, blank=True)
    sha256 = models.CharField(max_length=64, help_text="of the 48x48 grey pixels, row by row")
    label = models.CharField(max_length=16, choices=EMOTION_CHOICES, blank=True, help_text="the person's word")
    reviewed_label = models.CharField(
        max_length=16, choices=EMOTION_CHOICES, blank=True, help_text="the reviewer's, where it differs"
    )
    origin = models.CharField(max_length=9, choices=Origin, blank=True)
    predicted = models.CharField(max_length=16, choices=EMOTION_CHOICES)
    model_version = models.CharField(max_length=80, help_text="the version that read it")
    held_out = models.BooleanField(help_text="its person belongs to those on whom versions are measured, never trained")
    reviewed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    reviewed_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    labelled_at = models.DateTimeField(null=True, blank=True)

    objects = TrainingSampleQuerySet.as_manager()

    class Meta:
        """A sample that is past waiting has a label; a rejected one has no picture any more."""

        permissions = [("review_trainingsample", "Can review training samples")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(status="waiting") | ~models.Q(label=""), name="sample_labelled_past_waiting"
            ),
            models.CheckConstraint(
                condition=~models.Q(status="rejected") | models.Q(image=""), name="sample_rejected_has_no_image"
            ),
        ]
        indexes = [models.Index(fields=["status", "labelled_at"], name="sample_queue")]

    def __str__(self) -> str:
        return f"training sample {self.pk}"

    @property
    def final_label(self) -> str:
        """Return the label that training uses: the reviewer's where there is one, the person's otherwise."""
        return self.reviewed_label or self.label
