"""The result page, with the reading and its music together, and the preferences."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from emotion.models import EMOTION_CHOICES, Capture, EmotionReading
from emotion.samples.selectors import sample_of
from emotion.selectors import reading_of
from emotion.views import capture_or_404
from mood_music.errors import UserError
from mood_music.messages import message
from recommendations import company, presenters, selectors, services, session_selectors
from recommendations.catalogue_cache import catalogue_load
from recommendations.circumplex import Mode
from recommendations.forms import PreferencesForm
from recommendations.models import RecommendationSet
from recommendations.providers.spotify.accounts import account as spotify_account
from recommendations.providers.spotify.music import set_music
from recommendations.providers.spotify.policy import with_spotify_media

SLOW_AFTER_SECONDS = 20
PREFERENCES = ("genres", "eras", "languages", "blocked_artists", "allow_explicit", "companion", "help_line")
STATUS_WORDS: dict[str, str] = {
    Capture.Status.PENDING: "Your picture is in the queue",
    Capture.Status.PROCESSING: "Reading your expression",
}


@never_cache
@with_spotify_media
@login_required
@require_safe
def result(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Show where a capture stands; once it is done, the reading, the music and what to do next."""
    capture = capture_or_404(request, public_id)
    reading = reading_of(capture=capture)
    found = selectors.set_of(reading=reading) if reading else None
    context: dict[str, Any] = {
        **_status(capture, reading, found),
        "reading": reading,
        "refusal": message(capture.refusal) if capture.refusal else None,
        "set": found,
    }
    if reading:
        context |= {
            "sample": sample_of(reading=reading),
            "scores": presenters.scores(reading),
            "verdict": presenters.verdict(reading),
            "advice": presenters.advice(reading),
            "faces_svg": presenters.faces(reading),
            "emotions": [{"value": value, "label": label} for value, label in EMOTION_CHOICES],
            "modes": presenters.modes(Mode(found.mode) if found else selectors.mode_of(reading=reading)),
            "listening": session_selectors.active_session(user=request.user),
            "session_led": session_selectors.session_of_capture(capture=capture),
        }
    if reading and found:
        said = selectors.feedback_on(reading=reading)
        context |= {"recommendations": presenters.tracks(found, said), "plane": presenters.plane(found)}
        context |= company.beside_result(reading=reading, mode=Mode(found.mode))
        # A plain link opens one player; without it no page asks Spotify's host for one.
        context |= {
            "playing": request.GET.get("play", ""),
            "spotify_account": spotify_account(request.user, set_music(found)),
        }
    return render(request, "recommendations/result.html", context)


@never_cache
@login_required
@require_safe
def capture_status(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Return the status card that the result page polls; once there is all to show, ask for the whole page."""
    capture = capture_or_404(request, public_id)
    context = capture_status_context(capture)
    response = render(request, "emotion/_status.html", context)
    if not context["waiting"]:
        response["HX-Refresh"] = "true"
    return response


def capture_status_context(capture: Capture) -> dict[str, Any]:
    """Return what the status card shows of a capture."""
    reading = reading_of(capture=capture)
    return _status(capture, reading, selectors.set_of(reading=reading) if reading else None)


def _status(capture: Capture, reading: EmotionReading | None, found: RecommendationSet | None) -> dict[str, Any]:
    waited = (timezone.now() - capture.created_at).total_seconds()
    return {
        "capture": capture,
        "label": STATUS_WORDS.get(capture.status, "Choosing your music"),
        "slow": waited > SLOW_AFTER_SECONDS,
        # The music comes a moment after the reading.
        "waiting": capture.is_open or (reading is not None and found is None),
    }


@login_required
@require_POST
def set_mode(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Change what the music should do."""
    capture = capture_or_404(request, public_id)
    reading = reading_of(capture=capture)
    if reading is None:
        raise UserError("no_reading", status=409)
    services.set_mode(reading=reading, mode=request.POST.get("mode", ""))
    return redirect(f"{capture.get_absolute_url()}#music")


@login_required
@require_POST
def set_renew(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Choose other songs for the same reading."""
    capture = capture_or_404(request, public_id)
    reading = reading_of(capture=capture)
    if reading is None:
        raise UserError("no_reading", status=409)
    services.set_renew(reading_id=reading.pk)
    return redirect(f"{capture.get_absolute_url()}#music")


@login_required
@require_POST
def track_feedback(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Take one word about a track, or take it back, and show the buttons anew."""
    capture = capture_or_404(request, public_id)
    reading = reading_of(capture=capture)
    if reading is None:
        raise UserError("no_reading", status=409)
    found = selectors.recommendation_of(reading=reading, track=request.POST.get("track", ""))
    if found is None:
        raise UserError("track_gone", status=409)
    undone = request.POST.get("undo", "")
    services.feedback_set(recommendation=found, kind=undone or request.POST.get("kind", ""), given=not undone)
    if getattr(request, "htmx", False):
        said = selectors.feedback_on(reading=reading).get(found.track_id, set())
        context = {"capture": capture, "item": presenters.words(found, said), "changed": True}
        return render(request, "recommendations/_words.html", context)
    return redirect(f"{capture.get_absolute_url()}#track-{found.rank}")


@never_cache
@login_required
@require_http_methods(["GET", "POST"])
def preferences(request: HttpRequest) -> HttpResponse:
    """Show and change what a person wants to hear."""
    stored = selectors.listener_preferences(user=request.user)
    statistics = catalogue_load().statistics
    if request.method == "POST" and "clear" in request.POST:
        services.preferences_delete(user=request.user)
        messages.success(request, "Cleared. Your next set knows no preferences.")
        return redirect("preferences")
    form = PreferencesForm(
        request.POST if request.method == "POST" else None,
        statistics=statistics,
        stored=stored,
        initial={"next": request.GET.get("next", "")},
    )
    if form.is_valid():
        chosen = form.cleaned_data
        services.preferences_save(
            user=request.user,
            default_modes=form.default_modes(),
            **{name: chosen[name] for name in PREFERENCES},
        )
        messages.success(request, "Saved. Your next set follows your preferences.")
        return redirect(form.next_url(request.path))
    return render(
        request,
        "recommendations/preferences.html",
        {"form": form, "stored": stored},
        status=422 if form.errors else 200,
    )
