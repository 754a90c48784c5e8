"""Listening sessions: their pages, and the forms that lead them on."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_permissions_policy.decorators import permissions_policy_override

from emotion.models import Capture
from emotion.selectors import reading_of
from emotion.views import CAMERA_POLICY, capture_or_404, capture_page
from mood_music.errors import UserError
from mood_music.messages import message
from recommendations import company, sessions
from recommendations import session_presenters as presenters
from recommendations import session_selectors as selectors
from recommendations.models import ListeningSession, SessionTrack
from recommendations.providers.spotify.accounts import account as spotify_account
from recommendations.providers.spotify.music import session_music
from recommendations.providers.spotify.policy import with_spotify_media
from recommendations.views import capture_status_context

SHOWN = 30


def session_or_404(request: HttpRequest, public_id: uuid.UUID) -> ListeningSession:
    """Return the caller's own session; somebody else's does not exist for her."""
    found = ListeningSession.objects.for_user(request.user).select_related("reading", "first_reading", "awaited")
    return get_object_or_404(found, public_id=public_id)


@login_required
@require_POST
def session_start(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Begin to listen along the music of a capture."""
    reading = reading_of(capture=capture_or_404(request, public_id))
    if reading is None:
        raise UserError("no_reading", status=409)
    return redirect(sessions.session_start(user=request.user, reading=reading))


@never_cache
@with_spotify_media
@login_required
@require_safe
def session(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Show where a session stands, what plays, and where the path leads."""
    found = session_or_404(request, public_id)
    standing = selectors.standing(session=found)
    waiting = selectors.reading_awaited(session=found)
    current = standing.current
    context: dict[str, Any] = {
        "session": found,
        "standing": standing,
        "current": presenters.playing(current, selectors.said_of(row=current)) if current else None,
        "playing": request.GET.get("play", ""),
        "tracks": [presenters.track(row) for row in standing.tracks],
        "modes": presenters.modes(found),
        "plane": presenters.plane(found, standing),
        "moods": presenters.moods(standing),
        "scale": presenters.scale(),
        "waiting": waiting,
        "refusal": _refusal(found),
        "spotify_account": spotify_account(request.user, session_music(found)),
    }
    context |= company.beside_session(session=found, standing=standing)
    if waiting:
        context |= capture_status_context(waiting)
    return render(request, "recommendations/session.html", context)


def _refusal(found: ListeningSession) -> Any:
    awaited = found.awaited
    return message(awaited.refusal) if awaited and awaited.refusal and found.is_active else None


@never_cache
@login_required
@require_safe
def session_list(request: HttpRequest) -> HttpResponse:
    """Show a person's sessions and what they changed, the latest first."""
    rows = [presenters.listed(each) for each in selectors.sessions_of(user=request.user)[:SHOWN]]
    return render(request, "recommendations/session_list.html", {"rows": rows})


@login_required
@require_POST
def session_next(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Leave the track that the page showed, as heard or as skipped."""
    found = session_or_404(request, public_id)
    skipped = request.POST.get("what") == "skip"
    state = SessionTrack.State.SKIPPED if skipped else SessionTrack.State.DONE
    sessions.track_finish(session=found, rank=_rank(request), state=state)
    return redirect(found)


def _rank(request: HttpRequest) -> int:
    rank = request.POST.get("rank", "")
    if not rank.isdecimal() or len(rank) > 4:
        raise UserError("session_moved_on", status=409)
    return int(rank)


@login_required
@require_POST
def session_word(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Take one word about a track of the session, or take it back."""
    found = session_or_404(request, public_id)
    undone = request.POST.get("undo", "")
    kind = undone or request.POST.get("kind", "")
    sessions.session_word_set(session=found, rank=_rank(request), kind=kind, given=not undone)
    return redirect(found)


@login_required
@require_POST
def session_mode(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Change what the music does from the next track on."""
    found = session_or_404(request, public_id)
    sessions.session_mode_set(session=found, mode=request.POST.get("mode", ""))
    return redirect(found)


@login_required
@require_POST
def session_mood(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Take down how the person says she feels."""
    found = session_or_404(request, public_id)
    steps = {"1": 1, "2": 2, "3": 3, "4": 4, "5": 5}
    sessions.mood_tell(
        session=found,
        moment=request.POST.get("moment", ""),
        valence_step=steps.get(request.POST.get("valence", ""), 0),
        arousal_step=steps.get(request.POST.get("arousal", ""), 0),
    )
    return redirect(found)


@never_cache
@permissions_policy_override(CAMERA_POLICY)
@login_required
@require_http_methods(["GET", "POST"])
def session_reading(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Show the capture page for a session; what is read there leads the session on."""
    found = session_or_404(request, public_id)
    if not found.is_active:
        return redirect(found)

    def taken(capture: Capture) -> HttpResponse:
        sessions.capture_await(session=found, capture=capture)
        return redirect(found)

    return capture_page(request, taken, {"listening": found})


@login_required
@require_POST
def session_end(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """End a session where it stands."""
    found = session_or_404(request, public_id)
    sessions.session_end(session=found)
    return redirect(found)
