"""Runs of training, and what each of them learned from.

State machine of a TrainingRun (every arrow is one filtered UPDATE); one is open at a time, by constraint:

    QUEUED --claim (token, lease)--> RUNNING --artifact, evaluation--> DONE, with a candidate ModelVersion
       |        ^                       |  |--- error, three attempts --> FAILED
       |        +-- lease ran out ------+  |
       +--- cancel ------------------------+--> CANCELLED   at the next batch

A worker renews its lease; when it dies, the sweeper queues the run again, which goes on from its last checkpoint.
"""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models

from emotion.models.captures import EMOTION_CHOICES
from emotion.models.samples import TrainingSample
from privacy.models import ConsentRecord


class TrainingRun(models.Model):
    """Stand for one training, from the wish to the candidate version."""

    class Status(models.TextChoices):
        """List the states; see the module's drawing."""

        QUEUED = "queued", "Waiting for its worker"
        RUNNING = "running", "Training"
        DONE = "done", "Done"
        CANCELLED = "cancelled", "Cancelled"
        FAILED = "failed", "Failed"

    class Kind(models.TextChoices):
        """List the kinds."""

        FINE_TUNE = "fine_tune", "Fine-tune the active version"
        FULL = "full", "Train from scratch on the base data"

    OPEN = (Status.QUEUED, Status.RUNNING)

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    kind = models.CharField(max_length=9, choices=Kind)
    status = models.CharField(max_length=9, choices=Status, default=Status.QUEUED)
    is_open = models.BooleanField(default=True)
    options = models.JSONField(help_text="epochs, rates, shares and seed, see emotion.training")
    start_version = models.CharField(max_length=80, blank=True, help_text="the version that a fine-tuning starts from")
    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+",
        help_text="empty for a scheduled run",
    )  # fmt: skip
    manifest_sha256 = models.CharField(max_length=64, blank=True, help_text="of the frozen list of samples")
    claim_token = models.UUIDField(null=True, blank=True)
    lease_expires_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    published_at = models.DateTimeField(null=True, blank=True)
    cancel_requested_at = models.DateTimeField(null=True, blank=True)
    epoch = models.PositiveSmallIntegerField(default=0)
    epochs = models.PositiveSmallIntegerField(default=0)
    step = models.PositiveIntegerField(default=0)
    steps = models.PositiveIntegerField(default=0)
    loss = models.FloatField(null=True, blank=True)
    eta_seconds = models.PositiveIntegerField(null=True, blank=True)
    history = models.JSONField(default=list, blank=True, help_text="one entry an epoch: loss and accuracies")
    log = models.TextField(blank=True, help_text="the last lines for people")
    error = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        """One open run; a running one has a token."""

        ordering = ["-created_at", "-id"]
        permissions = [("start_trainingrun", "Can start and cancel training runs")]
        constraints = [
            models.UniqueConstraint(fields=["is_open"], condition=models.Q(is_open=True), name="run_one_open"),
            models.CheckConstraint(
                condition=models.Q(is_open=True, status__in=["queued", "running"])
                | models.Q(is_open=False, status__in=["done", "cancelled", "failed"]),
                name="run_open_while_queued_or_running",
            ),
            models.CheckConstraint(
                condition=~models.Q(status="running") | models.Q(claim_token__isnull=False),
                name="run_running_has_token",
            ),
        ]

    def __str__(self) -> str:
        return str(self.public_id)


class ManifestEntry(models.Model):
    """List one sample that a run was given, with the consent that allowed it. Frozen when the run first starts.

    A sample that is withdrawn later leaves its entry, which then names neither sample nor consent nor picture.
    """

    run = models.ForeignKey(TrainingRun, on_delete=models.CASCADE, related_name="manifest")
    sample = models.ForeignKey(
        TrainingSample, on_delete=models.SET_NULL, null=True, blank=True, related_name="manifest_entries"
    )
    consent = models.ForeignKey(
        ConsentRecord, on_delete=models.SET_NULL, null=True, blank=True, related_name="manifest_entries"
    )
    sha256 = models.CharField(max_length=64, blank=True)
    label = models.CharField(max_length=16, choices=EMOTION_CHOICES)
    held_out = models.BooleanField(help_text="measured on, not trained on")
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        """One entry a sample and run."""

        verbose_name_plural = "manifest entries"
        constraints = [models.UniqueConstraint(fields=["run", "sample"], name="manifest_sample_once")]

    def __str__(self) -> str:
        return f"manifest entry {self.pk}"
