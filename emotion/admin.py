"""Captures in the admin: their state, never a picture or a reading."""

from django.contrib import admin

from emotion.models import Capture
from mood_music.admin import ReadOnlyAdmin


@admin.register(Capture)
class CaptureAdmin(ReadOnlyAdmin):
    """Show how the queue does, without showing whose capture it is."""

    list_display = ["id", "status", "source", "attempts", "refusal", "created_at", "finished_at"]
    list_filter = ["status", "source", "refusal"]
    fields = ["id", "status", "source", "attempts", "refusal", "created_at", "finished_at"]
