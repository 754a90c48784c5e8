"""What a person agreed to, when, and to which words."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models

from privacy.purposes import Purpose


class ConsentRecord(models.Model):
    """Record one yes or no to one purpose. Rows are only ever added; the latest one of a purpose counts."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="consent_records")
    purpose = models.CharField(max_length=32, choices=Purpose)
    granted = models.BooleanField()
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
