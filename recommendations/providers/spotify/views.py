"""Connect and disconnect a Spotify account, and what a connected person does with her music."""

from __future__ import annotations

import functools
import secrets
import time
import uuid
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from emotion.models import Capture
from emotion.selectors import reading_of
from emotion.views import capture_or_404
from mood_music.errors import AppError, UserError
from mood_music.messages import message
from privacy.purposes import SPOTIFY, Purpose
from privacy.services import consent_record
from recommendations import presenters, selectors
from recommendations.models import RecommendationSet
from recommendations.providers.spotify import accounts, connections, listening, oauth
from recommendations.providers.spotify.config import login_configured, site_address
from recommendations.providers.spotify.errors import SpotifyError
from recommendations.providers.spotify.music import Music, session_music, session_music_ahead, set_music
from recommendations.providers.spotify.policy import with_spotify_login, with_spotify_media
from recommendations.session_views import session_or_404

View = Callable[..., HttpResponse]
_ATTEMPT = "spotify_connect"
ATTEMPT_SECONDS = 600


def _set_up(view: View) -> View:
    """Let a page exist only while people can log in to Spotify here."""

    @functools.wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not login_configured():
            raise Http404
        return view(request, *args, **kwargs)

    return wrapped


@never_cache
@with_spotify_login
@login_required
@_set_up
@require_safe
def spotify_settings(request: HttpRequest) -> HttpResponse:
    """Show whether an account is connected, what it allows, and how to change that."""
    service = accounts.connection_of(request.user)
    here = f"{request.scheme}://{request.get_host()}"
    context = {
        "purpose": SPOTIFY,
        "service": service,
        "account": accounts.account(request.user, None),
        # The answer comes back to this address only, and the session has to be the same one.
        "elsewhere": "" if here == site_address() else f"{site_address()}{request.path}",
    }
    return render(request, "recommendations/spotify.html", context)


@never_cache
@login_required
@_set_up
@require_POST
def spotify_connect(request: HttpRequest) -> HttpResponse:
    """Take the person's consent and send her to Spotify."""
    consent_record(user=request.user, purpose=Purpose.SPOTIFY_LINK, granted=True, given_through="spotify page")
    challenge = oauth.Challenge.fresh()
    # In her session: whoever comes back without it is somebody else.
    request.session[_ATTEMPT] = {"state": challenge.state, "verifier": challenge.verifier, "at": time.time()}
    extra = (accounts.TOP,) if request.POST.get("personal_order") else ()
    return redirect(oauth.authorize_url(challenge, (*accounts.SCOPES, *extra)))


@never_cache
@login_required
@_set_up
@require_safe
def spotify_callback(request: HttpRequest) -> HttpResponse:
    """Receive the person back from Spotify: once for each attempt, in the session that began it."""
    attempt = request.session.pop(_ATTEMPT, None)
    given = request.GET.get("state", "")
    if (
        attempt is None
        or not secrets.compare_digest(given.encode(), attempt["state"].encode())
        or time.time() - attempt["at"] > ATTEMPT_SECONDS
    ):
        _tell(request, "spotify_state")
        return redirect("spotify_settings")
    if not request.GET.get("code"):
        # A no at Spotify is a no here as well, unless an account is connected already.
        if accounts.connection_of(request.user) is None:
            connections.service_disconnect(user=request.user, given_through="spotify callback")
        _tell(request, "spotify_denied")
        return redirect("spotify_settings")
    try:
        connections.service_connect(user=request.user, code=request.GET["code"], verifier=attempt["verifier"])
    except SpotifyError as error:
        _tell(request, error.message_id)
    else:
        messages.success(request, "Your Spotify account is connected.")
    return redirect("spotify_settings")


@login_required
@_set_up
@require_POST
def spotify_disconnect(request: HttpRequest) -> HttpResponse:
    """Delete the connection and all that came through it."""
    request.session.pop(_ATTEMPT, None)
    connections.service_disconnect(user=request.user, given_through="spotify page")
    messages.success(
        request, "Disconnected. The keys to your Spotify account and all that came from it are deleted here."
    )
    return redirect("spotify_settings")


@login_required
@_set_up
@require_POST
def spotify_playlist(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Save the music of a capture as a private playlist."""
    capture, found = _music(request, public_id)
    return _saved(request, set_music(found), f"{capture.get_absolute_url()}#music")


@login_required
@_set_up
@require_POST
def spotify_play(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Play the music of a capture on a device of the person's."""
    capture, found = _music(request, public_id)
    return _played(request, set_music(found), f"{capture.get_absolute_url()}#music")


@login_required
@_set_up
@require_POST
def spotify_session_playlist(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Save the path of a listening session as a private playlist."""
    session = session_or_404(request, public_id)
    return _saved(request, session_music(session), session.get_absolute_url())


@login_required
@_set_up
@require_POST
def spotify_session_play(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Play what is left of a listening session on a device of the person's."""
    session = session_or_404(request, public_id)
    return _played(request, session_music_ahead(session), session.get_absolute_url())


@never_cache
@with_spotify_media
@login_required
@_set_up
@require_safe
def spotify_order(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Show the music of a capture, what the person plays most first; computed for this page and kept nowhere."""
    capture, found = _music(request, public_id)
    account = accounts.account(request.user, None)
    if account is None or not account.personal_order:
        return redirect("spotify_settings")
    try:
        ordered = listening.personal_order(user=request.user, found=found)
    except AppError as error:
        _tell(request, error.message_id)
        return redirect(f"{capture.get_absolute_url()}#music")
    rows = {row["rank"]: row for row in presenters.tracks(found)}
    context = {
        "capture": capture,
        "recommendations": [rows[each.rank] for each in ordered],
        "playing": request.GET.get("play", ""),
    }
    return render(request, "recommendations/spotify_order.html", context)


def _music(request: HttpRequest, public_id: uuid.UUID) -> tuple[Capture, RecommendationSet]:
    """Return the caller's own capture and its music; 404 for anybody else's, and while there is none."""
    capture = capture_or_404(request, public_id)
    reading = reading_of(capture=capture)
    found = selectors.set_of(reading=reading) if reading else None
    if found is None:
        raise Http404
    return capture, found


def _saved(request: HttpRequest, music: Music, back: str) -> HttpResponse:
    def save() -> str:
        listening.playlist_save(user=request.user, music=music)
        return "Saved as a private playlist in your Spotify account."

    return _done(request, back, save)


def _played(request: HttpRequest, music: Music, back: str) -> HttpResponse:
    return _done(request, back, lambda: f"Playing on {listening.music_play(user=request.user, music=music).name}.")


def _done(request: HttpRequest, back: str, act: Callable[[], str]) -> HttpResponse:
    """Act for the person and take her back to her music, with the result in words."""
    try:
        messages.success(request, act())
    except (SpotifyError, UserError) as error:
        _tell(request, error.message_id)
    return redirect(back)


def _tell(request: HttpRequest, message_id: str) -> None:
    words = message(message_id)
    messages.error(request, f"{words.title}. {words.text} {words.action}")
