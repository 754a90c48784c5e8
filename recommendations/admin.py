"""The catalogue in the admin."""

from __future__ import annotations

import base64
import binascii
import io
from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path

from mood_music.admin import ReadOnlyAdmin
from mood_music.errors import UserError
from mood_music.messages import message
from privacy.audit import audit_write
from recommendations import ratings, services
from recommendations.catalogue import COLUMNS, CatalogueError, CatalogueTrack, parse_catalogue, track_key
from recommendations.catalogue_imports import catalogue_compare, rows_import
from recommendations.models import CatalogueRevision, RatingChange, RatingProposal, Track

MOST_BYTES = 1024 * 1024


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
        if Track.objects.shared().filter(key=key).exclude(pk=self.instance.pk).exists():
            raise ValidationError("This recording is in the catalogue already.")
        return cleaned


class CatalogueFileForm(forms.Form):
    """Take a catalogue file, or the one that was looked at, to be imported as it is.

    The second step carries the file itself and the state of the catalogue that it was compared with. When somebody
    changed the catalogue meanwhile, the comparison is shown anew.
    """

    file = forms.FileField(required=False, label="CSV file", help_text=f"Columns: {', '.join(COLUMNS)}. Up to 1 MB.")
    content = forms.CharField(required=False, widget=forms.HiddenInput)
    compared = forms.CharField(required=False, widget=forms.HiddenInput)

    rows: list[CatalogueTrack]

    def clean(self) -> dict[str, Any]:
        """Read the rows, with one error for each faulty line."""
        cleaned = super().clean() or {}
        file = cleaned.get("file")
        try:
            self._bytes = file.read() if file else base64.b64decode(cleaned.get("content", ""), validate=True)
            if not self._bytes:
                raise ValidationError("Choose a file.")
            if len(self._bytes) > MOST_BYTES:
                raise ValidationError("The file has more than 1 MB. Import it with manage.py catalogue_import.")
            self.rows = parse_catalogue(io.TextIOWrapper(io.BytesIO(self._bytes), encoding="utf-8-sig", newline=""))
        except binascii.Error as error:
            raise ValidationError("The file was damaged on its way. Choose it again.") from error
        except CatalogueError as error:
            raise ValidationError(list(error.messages)) from error
        return cleaned

    def confirmed(self) -> bool:
        """Tell whether this very comparison was confirmed."""
        return not self.cleaned_data["file"] and self.cleaned_data["compared"] == _state()

    def to_confirm(self) -> CatalogueFileForm:
        """Return the form of the second step."""
        return CatalogueFileForm(
            initial={"content": base64.b64encode(self._bytes).decode(), "compared": _state()}, auto_id="confirm_%s"
        )


def _state() -> str:
    return str(CatalogueRevision.objects.first() or "none")


@admin.register(Track)
class TrackAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Search and correct recordings."""

    form = TrackForm
    list_display = ["title", "artist", "year", "language", "valence", "arousal", "rated_by"]
    search_fields = ["title", "artist"]
    list_filter = ["language", "instrumental", "rated_by"]

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Track]:
        """Leave out what people brought for themselves."""
        return super().get_queryset(request).filter(owner=None)

    def get_urls(self) -> list[URLPattern]:
        """Add the import."""
        page = self.admin_site.admin_view(self.import_view)
        return [path("import/", page, name="recommendations_track_import"), *super().get_urls()]

    def import_view(self, request: HttpRequest) -> HttpResponse:
        """Take a file, show what it would change, and change it once that was confirmed."""
        if not (self.has_add_permission(request) and self.has_change_permission(request)):
            raise PermissionDenied
        sent = request.method == "POST"
        form = CatalogueFileForm(request.POST, request.FILES) if sent else CatalogueFileForm()
        context = {**self.admin_site.each_context(request), "title": "Import tracks", "opts": self.opts, "form": form}
        if form.is_valid():
            if form.confirmed():
                done = rows_import(rows=form.rows)
                counts = {"created": done.created, "updated": done.updated, "unchanged": done.unchanged}
                audit_write(kind="catalogue_imported", actor=request.user, detail=counts)
                told = f"{done.created} added, {done.updated} updated, {done.unchanged} unchanged."
                self.message_user(request, told, messages.SUCCESS)
                return redirect("admin:recommendations_track_changelist")
            context |= {"comparison": catalogue_compare(rows=form.rows), "confirm": form.to_confirm()}
        return render(request, "admin/recommendations/track/import.html", context)

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
