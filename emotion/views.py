"""The capture page, the status of a capture, corrections and the history."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_permissions_policy.decorators import permissions_policy_override

from emotion import selectors, services
from emotion.forms import CaptureForm, HistoryFilterForm, words
from emotion.models import Capture, ToldMood
from mood_music.errors import UserError
from privacy.purposes import Purpose
from privacy.selectors import consent_granted

CAMERA_POLICY: dict[str, str | list[str] | tuple[str]] = {**settings.PERMISSIONS_POLICY, "camera": ["self"]}


def capture_or_404(request: HttpRequest, public_id: uuid.UUID) -> Capture:
    """Return the caller's own capture; somebody else's does not exist for her."""
    return get_object_or_404(Capture.objects.for_user(request.user), public_id=public_id)


@never_cache
@permissions_policy_override(CAMERA_POLICY)
@login_required
@require_http_methods(["GET", "POST"])
def capture_new(request: HttpRequest) -> HttpResponse:
    """Show the capture page, and take a picture in."""
    return capture_page(request, lambda capture: redirect(capture, permanent=False))


def capture_page(
    request: HttpRequest, taken: Callable[[Capture], HttpResponse], extra: dict[str, Any] | None = None
) -> HttpResponse:
    """Show the capture page at the request's own address, and answer with `taken` once a picture was taken in.

    `extra` is added to the page's context. A page that shows this one may need the camera: see `CAMERA_POLICY`.
    """
    if not consent_granted(user=request.user, purpose=Purpose.EMOTION_INFERENCE):
        if request.method == "POST":
            raise UserError("consent_required", status=403)
        return redirect(f"{reverse('consent')}?{urlencode({'next': request.path})}")
    form, status = CaptureForm(), 200
    if request.method == "POST":
        form = CaptureForm(request.POST, request.FILES, too_large=getattr(request, "upload_too_large", False))
        status = 422
        if form.is_valid():
            try:
                capture = services.capture_create(
                    user=request.user,
                    photo=form.cleaned_data["photo"],
                    source=form.cleaned_data["source"],
                    mode=form.cleaned_data["mode"],
                    idempotency_key=form.cleaned_data["idempotency_key"],
                )
            except UserError as error:
                form.add_error("photo", words(error.message_id))
                status = error.status if error.status != 400 else 422
                response = _capture_page(request, form, status, extra or {})
                if error.retry_after:
                    response["Retry-After"] = str(error.retry_after)
                return response
            return taken(capture)
    return _capture_page(request, form, status, extra or {})


def _capture_page(request: HttpRequest, form: CaptureForm, status: int, extra: dict[str, Any]) -> HttpResponse:
    context = {
        "listening": None,
        "form": form,
        "max_megabytes": settings.MAX_UPLOAD_MEGABYTES,
        "in_flight": selectors.in_flight(user=request.user),
        "recent": selectors.history_page(user=request.user, size=3).entries,
        **extra,
    }
    return render(request, "emotion/capture_new.html", context, status=status)


@never_cache
@login_required
@require_http_methods(["GET", "POST"])
def capture_delete(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Ask once, then delete a capture with everything that hangs on it."""
    capture = capture_or_404(request, public_id)
    if request.method == "POST":
        services.capture_forget(capture=capture)
        messages.success(request, "Deleted. Nothing of that reading is left.")
        return redirect("history")
    context = {"capture": capture, "reading": selectors.reading_of(capture=capture)}
    return render(request, "emotion/capture_delete.html", context)


@never_cache
@login_required
@require_safe
def capture_crop(request: HttpRequest, public_id: uuid.UUID) -> FileResponse:
    """Return the kept crop of a face to the person whose face it is, and to nobody's cache."""
    reading = selectors.reading_of(capture=capture_or_404(request, public_id))
    if reading is None or not reading.crop:
        raise Http404
    try:
        response = FileResponse(reading.crop.open("rb"), content_type="image/jpeg")
    except FileNotFoundError as error:
        raise Http404 from error
    response["Cache-Control"] = "no-store"
    return response


@login_required
@require_POST
def reading_correct(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Take the person's own word for how she felt."""
    capture = capture_or_404(request, public_id)
    reading = selectors.reading_of(capture=capture)
    if reading is None:
        raise UserError("no_reading", status=409)
    services.reading_correct(reading=reading, emotion=request.POST.get("emotion", ""))
    said = f"{reading.label.lower()} it is" if reading.confirmed else f"this reading now says {reading.label.lower()}"
    messages.success(request, f"Thank you: {said}, and the music follows.")
    return redirect(capture)


@never_cache
@login_required
@require_safe
def history(request: HttpRequest) -> HttpResponse:
    """Show the person's readings, newest first."""
    form = HistoryFilterForm(request.GET)
    chosen = form.cleaned_data if form.is_valid() else {}
    page = selectors.history_page(
        user=request.user,
        emotion=chosen.get("emotion", ""),
        since=chosen.get("since"),
        until=chosen.get("until"),
        cursor=request.GET.get("cursor", ""),
    )
    kept = {key: request.GET[key] for key in ("emotion", "since", "until") if request.GET.get(key)}
    context = {
        "entries": page.entries,
        "next_cursor": page.next_cursor,
        "next_url": f"?{urlencode({**kept, 'cursor': page.next_cursor})}" if page.next_cursor else "",
        "form": form,
        "filtered": bool(kept),
        "keeps_history": consent_granted(user=request.user, purpose=Purpose.STORE_HISTORY),
        "total": selectors.readings_effective(request.user).count(),
        "told_total": ToldMood.objects.for_user(request.user).count(),
    }
    return render(request, "emotion/history.html", context)


@never_cache
@login_required
@require_http_methods(["GET", "POST"])
def told_mood_delete(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Ask once, then delete a mood that the person noted."""
    mood = get_object_or_404(ToldMood.objects.for_user(request.user), public_id=public_id)
    if request.method == "POST":
        services.told_mood_forget(mood=mood)
        messages.success(request, "Deleted. Nothing of that mood is left.")
        return redirect("history")
    return render(request, "emotion/told_mood_delete.html", {"mood": mood})
