"""The account page: where to change what."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe


@never_cache
@login_required
@require_safe
def account_settings(request: HttpRequest) -> HttpResponse:
    """Link to password, addresses, sessions, privacy, and Spotify where it is set up."""
    spotify = settings.SPOTIFY_CLIENT_ID and settings.SPOTIFY_CLIENT_SECRET and settings.SPOTIFY_REDIRECT_URI
    return render(request, "accounts/settings.html", {"spotify": bool(spotify)})
