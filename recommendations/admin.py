"""The catalogue in the admin."""

from __future__ import annotations

from django.contrib import admin

from recommendations.models import Track


@admin.register(Track)
class TrackAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Search and correct recordings."""

    list_display = ["title", "artist", "year", "language", "valence", "arousal", "rated_by"]
    search_fields = ["title", "artist"]
    list_filter = ["language", "instrumental", "rated_by"]
    readonly_fields = ["key"]
