"""The catalogue in the admin."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db import models
from django.http import HttpRequest

from recommendations import services
from recommendations.catalogue import track_key
from recommendations.models import Track


class TrackForm(forms.ModelForm):  # type: ignore[type-arg]
    """Refuse a recording that is there already, in words."""

    class Meta:
        model = Track
        fields = [
            "title",
            "artist",
            "year",
            "genres",
            "language",
            "instrumental",
            "explicit",
            "valence",
            "arousal",
            "rated_by",
        ]

    def clean(self) -> dict[str, Any]:
        """Look for another track with this title and artist, in any spelling."""
        cleaned = super().clean() or {}
        key = track_key(cleaned.get("title", ""), cleaned.get("artist", ""))
        if Track.objects.filter(key=key).exclude(pk=self.instance.pk).exists():
            raise ValidationError("This recording is in the catalogue already.")
        return cleaned


@admin.register(Track)
class TrackAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Search and correct recordings."""

    form = TrackForm
    list_display = ["title", "artist", "year", "language", "valence", "arousal", "rated_by"]
    search_fields = ["title", "artist"]
    list_filter = ["language", "instrumental", "rated_by"]

    def save_model(self, request: HttpRequest, obj: Track, form: Any, change: bool) -> None:
        """Save, and let every process know."""
        services.track_save(track=obj)

    def delete_model(self, request: HttpRequest, obj: Track) -> None:
        """Delete, and let every process know."""
        services.tracks_delete(tracks=Track.objects.filter(pk=obj.pk))

    def delete_queryset(self, request: HttpRequest, queryset: models.QuerySet[Track]) -> None:
        """Delete, and let every process know."""
        services.tracks_delete(tracks=queryset)
