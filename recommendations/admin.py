"""The catalogue in the admin."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db import models
from django.http import HttpRequest

from mood_music.admin import ReadOnlyAdmin
from mood_music.errors import UserError
from mood_music.messages import message
from recommendations import ratings, services
from recommendations.catalogue import track_key
from recommendations.models import RatingChange, RatingProposal, Track


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


@admin.register(RatingProposal)
class RatingProposalAdmin(ReadOnlyAdmin):
    """Show where many listeners heard a track, and let an administrator accept or reject it."""

    list_display = ["track", "status", "before", "after", "listeners", "wrong_mood_percent", "created_at", "decided_at"]
    list_filter = ["status"]
    list_select_related = ["track"]
    search_fields = ["track__title", "track__artist"]
    actions = ["accept", "reject"]

    @admin.display(description="now at (valence, arousal)")
    def before(self, proposal: RatingProposal) -> str:
        """Return the present place."""
        return f"{proposal.old_valence:.2f}, {proposal.old_arousal:.2f}"

    @admin.display(description="proposed")
    def after(self, proposal: RatingProposal) -> str:
        """Return the proposed place."""
        return f"{proposal.valence:.2f}, {proposal.arousal:.2f}"

    def has_decide_permission(self, request: HttpRequest) -> bool:
        """Let those decide who may change proposals."""
        return request.user.has_perm("recommendations.change_ratingproposal")

    @admin.action(description="Accept: move these tracks", permissions=["decide"])
    def accept(self, request: HttpRequest, queryset: models.QuerySet[RatingProposal]) -> None:
        """Accept each."""
        self._decide(request, queryset, ratings.proposal_accept, "accepted")

    @admin.action(description="Reject: leave these tracks where they are", permissions=["decide"])
    def reject(self, request: HttpRequest, queryset: models.QuerySet[RatingProposal]) -> None:
        """Reject each."""
        self._decide(request, queryset, ratings.proposal_reject, "rejected")

    def _decide(
        self, request: HttpRequest, queryset: models.QuerySet[RatingProposal], decide: Callable[..., object], done: str
    ) -> None:
        decided = 0
        for proposal in queryset.select_related("track"):
            try:
                decide(proposal=proposal, by=request.user)
                decided += 1
            except UserError as error:
                self.message_user(request, f"{proposal.track}: {message(error.message_id).title}", messages.WARNING)
        if decided:
            self.message_user(request, f"{decided} {done}.", messages.SUCCESS)


@admin.register(RatingChange)
class RatingChangeAdmin(ReadOnlyAdmin):
    """Show how ratings changed."""

    list_display = ["track", "old_valence", "old_arousal", "new_valence", "new_arousal", "old_rated_by", "created_at"]
    list_select_related = ["track"]
    search_fields = ["track__title", "track__artist"]
