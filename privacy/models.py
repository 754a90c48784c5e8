"""What a person agreed to, what is being erased, and the log of both."""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone

from privacy.purposes import Purpose


class ConsentRecord(models.Model):
    """Record one yes or no to one purpose. Rows are only ever added; the latest one of a purpose counts."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="consent_records")
    purpose = models.CharField(max_length=32, choices=Purpose)
    granted = models.BooleanField()
    wording = models.TextField(blank=True, help_text="the words that were answered")
    notice_version = models.CharField(max_length=16)
    notice_sha256 = models.CharField(max_length=64)
    language = models.CharField(max_length=16)
    given_through = models.CharField(max_length=32, help_text="the page or command where it was said")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        """Order by time, and find the latest of a purpose without a scan."""

        ordering = ["-created_at", "-id"]
        indexes = [models.Index(fields=["user", "purpose", "-id"], name="consent_latest")]
        constraints = [
            models.CheckConstraint(condition=models.Q(purpose__in=Purpose.values), name="consent_purpose_known")
        ]

    def __str__(self) -> str:
        return f"{self.purpose} {'granted' if self.granted else 'withdrawn'}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Add the row. Raises TypeError for a change of one that exists: a record that can change proves nothing."""
        if not self._state.adding:
            raise TypeError("consent records are append-only")
        super().save(*args, **kwargs)


class AuditSubject(models.Model):
    """Tie an account to its random reference in the audit log. Erased with the account."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="audit_subject")
    reference = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)

    def __str__(self) -> str:
        return str(self.reference)


class AuditHead(models.Model):
    """Hold the end of the audit log in one row: the lock for writers, and the proof that nothing was cut off."""

    number = models.PositiveBigIntegerField(default=0)
    digest = models.CharField(max_length=64)

    def __str__(self) -> str:
        return f"event {self.number}"


class AuditQuerySet(models.QuerySet["AuditEvent"]):
    """Refuse every change of many events at once."""

    def update(self, **kwargs: Any) -> int:
        """Refuse."""
        raise TypeError("the audit log is append-only")

    def delete(self) -> tuple[int, dict[str, int]]:
        """Refuse."""
        raise TypeError("the audit log is append-only")


class AuditEvent(models.Model):
    """Record one act that concerns a person's rights. `privacy.audit` writes and verifies the chain."""

    number = models.PositiveBigIntegerField(unique=True)
    at = models.DateTimeField()
    kind = models.CharField(max_length=32)
    subject = models.UUIDField(null=True, help_text="random reference of whom it concerns")
    actor = models.UUIDField(null=True, help_text="random reference of who did it, where it was somebody else")
    detail = models.JSONField(default=dict)
    previous = models.CharField(max_length=64)
    digest = models.CharField(max_length=64)

    objects = AuditQuerySet.as_manager()

    class Meta:
        """Order as written."""

        ordering = ["number"]

    def __str__(self) -> str:
        return f"{self.number} {self.kind}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Add the event. Raises TypeError for a change of one that exists."""
        if not self._state.adding:
            raise TypeError("the audit log is append-only")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Refuse."""
        raise TypeError("the audit log is append-only")


class ErasureRequest(models.Model):
    """Stand for one erasure, of an account or of one category, from the wish to the proof.

    State machine (every arrow is one filtered UPDATE):

        REQUESTED --all but the account--> GRACE --time is up--> ERASING --erased, verified, told--> DONE
            |                                |--- call off ---> CANCELLED
            +-- one category -----------------------------------> ERASING

    The steps that are done stand in `steps`; a run that died is run again and goes on from there. `identifiers` says
    whom to look for once the account is gone; DONE and CANCELLED hold none.
    """

    class Status(models.TextChoices):
        """List the states; see above."""

        REQUESTED = "requested", "Requested"
        GRACE = "grace", "Can be called off"
        ERASING = "erasing", "Being erased"
        DONE = "done", "Erased"
        CANCELLED = "cancelled", "Called off"

    ACCOUNT = "account"
    FINAL = (Status.DONE, Status.CANCELLED)

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="erasure_requests"
    )
    scope = models.CharField(max_length=32, help_text="account, or the name of a category")
    status = models.CharField(max_length=16, choices=Status, default=Status.REQUESTED)
    reference = models.UUIDField(help_text="the person's random reference in the audit log")
    identifiers = models.JSONField(default=dict, help_text="whom and which files to look for; empty once it is over")
    steps = models.JSONField(default=list)
    counts = models.JSONField(default=dict, help_text="how much there was of each category")
    residue = models.JSONField(default=list, help_text="what was found after erasing; it is then tried again")
    due_at = models.DateTimeField()
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        """One open request a person and scope; nothing personal once it is over."""

        constraints = [
            models.UniqueConstraint(
                fields=["user", "scope"],
                condition=models.Q(status__in=["requested", "grace", "erasing"]),
                name="erasure_one_open_per_scope",
            ),
            models.CheckConstraint(
                condition=~models.Q(status__in=["done", "cancelled"]) | models.Q(identifiers={}),
                name="erasure_final_identifies_nobody",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.scope} {self.status}"


def export_path(export: DataExport, filename: str) -> str:
    """Return where an export lies: a random name that says nothing of its owner."""
    return f"exports/{uuid.uuid4().hex}.zip"


class DataExport(models.Model):
    """Stand for one copy of all that is held of a person, from the wish to the file's end.

    State machine (every arrow is one UPDATE filtered on the state and the claim token):

        PENDING --claim--> BUILDING --file is there--> READY --term is over--> EXPIRED
           ^                 |   |--- three attempts failed ---> FAILED
           |<--- release ----+   |
           +-----------------+---+--- cancel --------> CANCELLED

    Only READY has a file.
    """

    class Status(models.TextChoices):
        """List the states; see above."""

        PENDING = "pending", "Waiting"
        BUILDING = "building", "Being put together"
        READY = "ready", "Ready"
        EXPIRED = "expired", "Expired"
        FAILED = "failed", "Failed"
        CANCELLED = "cancelled", "Cancelled"

    OPEN = (Status.PENDING, Status.BUILDING)

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="data_exports")
    status = models.CharField(max_length=16, choices=Status, default=Status.PENDING)
    session_digest = models.CharField(max_length=64, help_text="SHA-256 of the session that asked, and may fetch it")
    link = models.CharField(max_length=300, help_text="the address of its page, for the mail")
    progress = models.PositiveSmallIntegerField(default=0, help_text="percent")
    file = models.FileField(upload_to=export_path, blank=True)
    size = models.PositiveBigIntegerField(default=0)
    attempts = models.PositiveSmallIntegerField(default=0)
    claim_token = models.UUIDField(null=True, blank=True)
    lease_expires_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        """One under way a person; a file only while it can be fetched."""

        constraints = [
            models.UniqueConstraint(
                fields=["user"], condition=models.Q(status__in=["pending", "building"]), name="export_one_in_flight"
            ),
            models.CheckConstraint(
                condition=models.Q(status="ready") | models.Q(file=""), name="export_file_only_when_ready"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.public_id} {self.status}"

    @property
    def is_open(self) -> bool:
        """Tell whether it waits or is being put together."""
        return self.status in self.OPEN


class PrivacyPreference(models.Model):
    """Hold what a person chose beyond her consents. Without a row: nothing is limited, and no picture is kept."""

    PICTURE_DAYS = [(0, "Do not keep any"), (7, "a week"), (30, "30 days"), (90, "90 days"), (365, "a year")]

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="privacy_preference")
    limit_sensitive = models.BooleanField(default=False, help_text="use moods for the reading asked for and no more")
    keep_pictures_days = models.PositiveSmallIntegerField(default=0, choices=PICTURE_DAYS)
    reminded_at = models.DateTimeField(null=True, blank=True, help_text="when she was told that her account lies idle")

    def __str__(self) -> str:
        return f"privacy preference {self.pk}"


class RightsRequest(models.Model):
    """Note one request for a right that came by mail, with the clock of the law that it falls under."""

    class Law(models.TextChoices):
        """List the laws whose clocks differ."""

        GDPR = "gdpr", "GDPR: one month"
        CCPA = "ccpa", "CCPA: 45 days"

    class Right(models.TextChoices):
        """List what people ask for."""

        ACCESS = "access", "Know or get a copy"
        ERASURE = "erasure", "Delete"
        CORRECTION = "correction", "Correct"
        OBJECTION = "objection", "Object or restrict"
        OTHER = "other", "Something else"

    email = models.EmailField(blank=True, help_text="who wrote; emptied when the person's account is erased")
    right = models.CharField(max_length=16, choices=Right)
    law = models.CharField(max_length=8, choices=Law, default=Law.GDPR)
    received_on = models.DateField()
    due_on = models.DateField(editable=False, help_text="computed from the law and the day it came")
    closed_on = models.DateField(null=True, blank=True)
    outcome = models.CharField(max_length=300, blank=True, help_text="what was done; no personal data")
    alarmed_on = models.DateField(null=True, editable=False, help_text="when the operator was told that it is due")

    class Meta:
        """Show what is due first."""

        ordering = ["due_on", "id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(closed_on=None) | models.Q(closed_on__gte=models.F("received_on")),
                name="rights_closed_after_received",
            )
        ]

    def __str__(self) -> str:
        return f"request {self.pk}"

    def clean(self) -> None:
        """Refuse a request of tomorrow: its clock would start too late."""
        # Without a day the form has said so already.
        if self.received_on is not None and self.received_on > timezone.localdate():  # type: ignore[redundant-expr]
            raise ValidationError({"received_on": "This day is still to come."})


class BreakGlass(models.Model):
    """Let one administrator see one person's readings for a short time, for a reason that the person is told."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="glass_broken")
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="glass_broken_by"
    )
    reason = models.CharField(max_length=500)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()

    class Meta:
        """Call several of them what they are."""

        verbose_name = "break-glass"
        verbose_name_plural = "broken glass"

    def __str__(self) -> str:
        return f"break-glass {self.pk}"
