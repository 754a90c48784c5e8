"""Versions of the network: which one reads, which ones could, and how they compare.

State machine of a ModelVersion; one is ACTIVE at a time, by constraint:

    CANDIDATE --promote--> ACTIVE --another is promoted--> RETIRED --promote again (roll back)--> ACTIVE
        +-----discard--------------------------------------------^
"""

from __future__ import annotations

from django.conf import settings
from django.db import models

from emotion.models.captures import EMOTION_CHOICES, EmotionReading


class ModelVersion(models.Model):
    """Name one checked artifact (see `ml.artifacts`), its figures and its place in the site's history."""

    class Status(models.TextChoices):
        """List the states; see the module's drawing."""

        CANDIDATE = "candidate", "Candidate"
        ACTIVE = "active", "Active"
        RETIRED = "retired", "Retired"

    class Origin(models.TextChoices):
        """List where versions come from."""

        SHIPPED = "shipped", "Came with the site"
        TRAINED = "trained", "Trained here"
        IMPORTED = "imported", "Imported"

    version = models.CharField(max_length=80, unique=True, help_text="name and first eight digits of the SHA-256")
    sha256 = models.CharField(max_length=64, help_text="of model.keras")
    size = models.PositiveBigIntegerField(help_text="of model.keras, in bytes")
    origin = models.CharField(max_length=8, choices=Origin)
    status = models.CharField(max_length=9, choices=Status, default=Status.CANDIDATE)
    run = models.OneToOneField(
        "emotion.TrainingRun", on_delete=models.PROTECT, null=True, blank=True, related_name="version"
    )
    evaluation = models.JSONField(default=dict, blank=True, help_text="figures by data set, see emotion.versions")
    in_shadow = models.BooleanField(default=False)
    shadow_percent = models.PositiveSmallIntegerField(
        default=0, help_text="share of the readings of consenting people that it reads beside the active version"
    )
    retire_by = models.DateField(
        null=True, blank=True, help_text="when it has to be replaced: somebody it learned from withdrew"
    )
    note = models.CharField(max_length=200, blank=True)
    load_error = models.CharField(
        max_length=300, blank=True, help_text="why a worker could not load it; empty once one could"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    promoted_at = models.DateTimeField(null=True, blank=True)
    promoted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    retired_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        """One active version; one that looks on."""

        ordering = ["-created_at", "-id"]
        permissions = [("promote_modelversion", "Can promote and roll back model versions")]
        constraints = [
            models.UniqueConstraint(fields=["status"], condition=models.Q(status="active"), name="version_one_active"),
            models.UniqueConstraint(
                fields=["in_shadow"], condition=models.Q(in_shadow=True), name="version_one_shadow"
            ),
            models.CheckConstraint(
                condition=models.Q(in_shadow=False, shadow_percent=0)
                | models.Q(in_shadow=True, status="candidate", shadow_percent__range=(1, 100)),
                name="version_shadow_is_candidate",
            ),
        ]

    def __str__(self) -> str:
        return self.version


class ShadowReading(models.Model):
    """Hold what a candidate would have said of a face that the active version read; nobody else's data hang on it."""

    reading = models.ForeignKey(EmotionReading, on_delete=models.CASCADE, related_name="shadow_readings")
    version = models.ForeignKey(ModelVersion, on_delete=models.CASCADE, related_name="shadow_readings")
    dominant = models.CharField(max_length=16, choices=EMOTION_CHOICES)
    confidence = models.FloatField()
    sure = models.BooleanField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        """One for each reading and version."""

        constraints = [models.UniqueConstraint(fields=["reading", "version"], name="shadow_once")]

    def __str__(self) -> str:
        return f"shadow reading {self.pk}"


class DriftAlert(models.Model):
    """Note that people corrected a version's readings more often of late than before. Holds sums only."""

    version = models.CharField(max_length=80)
    opened_at = models.DateTimeField(auto_now_add=True)
    before_rate = models.FloatField(help_text="share of readings corrected in the weeks before")
    before_count = models.PositiveIntegerField()
    recent_rate = models.FloatField(help_text="share of readings corrected of late")
    recent_count = models.PositiveIntegerField()
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        """One open alert a version."""

        ordering = ["-opened_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["version"], condition=models.Q(closed_at=None), name="drift_one_open_alert")
        ]

    def __str__(self) -> str:
        return f"drift of {self.version}"

    @property
    def is_open(self) -> bool:
        """Tell whether nobody has closed it yet."""
        return self.closed_at is None


def active_version() -> ModelVersion | None:
    """Return the version that reads, or None on a site whose first worker has not registered the shipped one yet."""
    found: ModelVersion | None = ModelVersion.objects.filter(status=ModelVersion.Status.ACTIVE).first()
    return found


def shadow_version() -> ModelVersion | None:
    """Return the candidate that looks on, or None."""
    found: ModelVersion | None = ModelVersion.objects.filter(in_shadow=True).first()
    return found
