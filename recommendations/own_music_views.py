"""The page of one's own music: bring a playlist in, see what is here, delete it."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from emotion.forms import words
from mood_music.errors import UserError
from recommendations import own_music as services
from recommendations.catalogue import CatalogueError
from recommendations.forms import OwnMusicForm
from recommendations.models import Track

SHOWN = 100


@never_cache
@login_required
@require_http_methods(["GET", "POST"])
def own_music(request: HttpRequest) -> HttpResponse:
    """Take an exported playlist in, and say line by line what could not be used."""
    form = OwnMusicForm(request.POST or None, request.FILES or None)
    brought = None
    if form.is_valid():
        try:
            brought = services.own_music_import(user=request.user, file=form.cleaned_data["file"])
        except UserError as error:
            form.add_error("file", words(error.message_id))
        except CatalogueError as error:
            form.add_error("file", ValidationError(list(error.messages)))
    tracks = Track.objects.own(request.user).order_by("artist", "title")
    context: dict[str, Any] = {
        "form": form,
        "brought": brought,
        "tracks": tracks[:SHOWN],
        "total": tracks.count(),
        "days": settings.SPOTIFY_CACHE_DAYS,
        "until": tracks.order_by("-expires_at").values_list("expires_at", flat=True).first(),
    }
    return render(request, "recommendations/own_music.html", context, status=422 if form.errors else 200)


@login_required
@require_POST
def own_music_delete(request: HttpRequest) -> HttpResponse:
    """Delete all that the person brought."""
    services.own_music_delete(user_id=request.user.pk or 0)
    messages.success(request, "Your playlists are deleted here. Your next set comes from the catalogue alone.")
    return redirect("own_music")
