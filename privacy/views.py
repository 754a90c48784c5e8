"""The privacy pages: consent, the privacy centre, the legal texts."""

from __future__ import annotations

import uuid
from typing import Any

from allauth.account.decorators import reauthentication_required
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBadRequest, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from mood_music.errors import UserError
from privacy import erasure as erasing
from privacy import exports as exporting
from privacy import selectors, services
from privacy.forms import ConsentForm, ErasureForm, LimitForm, PicturesForm, SwitchForm
from privacy.holdings import count_of
from privacy.models import ErasureRequest
from privacy.purposes import ASKED, NOTICE_VERSION, Purpose
from privacy.registry import categories, rules
from privacy.subjects import Subject


@never_cache
@login_required
@require_http_methods(["GET", "POST"])
def consent(request: HttpRequest) -> HttpResponse:
    """Ask for consent before the first capture, and again after the notice changed."""
    ask_terms = not selectors.terms_accepted(user=request.user)
    if request.method == "POST":
        form = ConsentForm(request.POST, ask_terms=ask_terms)
        if form.is_valid():
            if ask_terms:
                services.terms_accept(user=request.user)
            services.consent_answers_record(user=request.user, answers=form.answers(), given_through="consent page")
            return redirect(form.next_url(reverse("capture_new")))
    else:
        states = {state.text.purpose.value: state.granted for state in selectors.consent_states(user=request.user)}
        form = ConsentForm(initial={**states, "next": request.GET.get("next", "")}, ask_terms=ask_terms)
    purposes = [
        {"field": form[t.purpose], "title": t.title, "description": t.description, "required": t.required}
        for t in ASKED
    ]
    context = {
        "form": form,
        "terms": form["agree_terms"] if ask_terms else None,
        "purposes": purposes,
        "notice_version": NOTICE_VERSION,
    }
    return render(request, "privacy/consent.html", context, status=422 if form.errors else 200)


@never_cache
@login_required
@require_safe
def privacy_centre(request: HttpRequest) -> HttpResponse:
    """Show what is agreed to, what is held, and every answer so far."""
    switches = [
        {
            "purpose": state.text.purpose.value,
            "title": state.text.title,
            "description": state.text.description,
            "required": state.text.required,
            "granted": state.granted,
            "since": state.since,
        }
        for state in selectors.consent_states(user=request.user)
    ]
    records = [
        {
            "created_at": record.created_at,
            "title": record.get_purpose_display(),
            "granted": record.granted,
            "notice_version": record.notice_version,
        }
        for record in selectors.consent_records(user=request.user)
    ]
    context = {
        "switches": switches,
        "records": records,
        "held": selectors.held(user=request.user),
        "pending": erasing.erasure_pending(user=request.user),
        "limited": selectors.sensitive_use_limited(user=request.user),
        "pictures_form": PicturesForm(initial={"days": selectors.preference_of(user=request.user).keep_pictures_days}),
        "gpc": request.headers.get("Sec-GPC") == "1",
    }
    return render(request, "privacy/centre.html", context)


@login_required
@require_POST
def pictures_set(request: HttpRequest) -> HttpResponse:
    """Choose how long crops of the face are kept."""
    form = PicturesForm(request.POST)
    if not form.is_valid():
        return HttpResponseBadRequest("unknown term")
    services.picture_days_set(user=request.user, days=form.cleaned_data["days"])
    messages.success(request, "Your choice is kept, and older pictures go with the next round within the hour.")
    return redirect("privacy_centre")


@login_required
@require_POST
def limit_set(request: HttpRequest) -> HttpResponse:
    """Limit the use of sensitive data, or lift the limit."""
    form = LimitForm(request.POST)
    if not form.is_valid():
        return HttpResponseBadRequest("on or off")
    services.sensitive_use_limit(user=request.user, limited=form.cleaned_data["limited"] == "on")
    return redirect("privacy_centre")


@never_cache
@login_required
@require_safe
def receipt(request: HttpRequest) -> HttpResponse:
    """Show every answer of a person with the words that it answered, to print or keep."""
    return render(request, "privacy/receipt.html", {"receipt": selectors.consent_receipt(user=request.user)})


@never_cache
@login_required
@require_safe
def receipt_json(request: HttpRequest) -> JsonResponse:
    """Return the same for programs."""
    headers = {"Content-Disposition": 'attachment; filename="consent-receipt.json"'}
    data = selectors.consent_receipt(user=request.user)
    return JsonResponse(data, json_dumps_params={"indent": 1}, headers=headers)


@login_required
@require_POST
def consent_switch(request: HttpRequest) -> HttpResponse:
    """Turn one purpose on or off; off purges what it allowed, at once."""
    form = SwitchForm(request.POST)
    if not form.is_valid():
        return HttpResponseBadRequest("unknown purpose")
    purpose = Purpose(form.cleaned_data["purpose"])
    granted = form.cleaned_data["granted"] == "on"
    services.consent_record(user=request.user, purpose=purpose, granted=granted, given_through="privacy centre")
    if granted:
        messages.success(request, f"“{purpose.label}” is on.")
    else:
        messages.success(request, f"“{purpose.label}” is off, and what it allowed us to keep is deleted.")
    return redirect("privacy_centre")


@never_cache
@login_required
@require_http_methods(["GET", "POST"])
@reauthentication_required(allow_get=True)  # type: ignore[untyped-decorator]
def erase(request: HttpRequest) -> HttpResponse:
    """Delete one kind of data or the whole account, after the password was given once more."""
    form = ErasureForm(request.POST if request.method == "POST" else None)
    if not form.is_valid():
        subject = Subject.of(request.user)
        choices = [{"name": c.name, "label": c.label, "count": count_of(c, subject)} for c in erasing.erasable()]
        context = {
            "form": form,
            "choices": choices,
            "pending": erasing.erasure_pending(user=request.user),
            "grace_hours": settings.ERASURE_GRACE_HOURS,
        }
        return render(request, "privacy/erase.html", context, status=422 if form.is_bound else 200)
    done = erasing.erasure_request(user=request.user, scope=form.cleaned_data["scope"])
    if not request.session.exists(request.session.session_key or ""):
        # Her sessions are gone, this one too: nothing of it may be written back.
        logout(request)
    if done.scope == ErasureRequest.ACCOUNT:
        return redirect("erase_started")
    messages.success(request, "Deleted. A mail tells you what it was.")
    return redirect("privacy_centre")


@require_safe
def erase_started(request: HttpRequest) -> HttpResponse:
    """Say what happened to somebody who has just been logged out for good."""
    return render(request, "privacy/erase_started.html", {"grace_hours": settings.ERASURE_GRACE_HOURS})


@login_required
@require_POST
def erase_cancel(request: HttpRequest) -> HttpResponse:
    """Call the deletion of the account off."""
    if erasing.erasure_cancel(user=request.user):
        messages.success(request, "Your account stays. What was deleted already stays deleted.")
    return redirect("privacy_centre")


@never_cache
@login_required
@require_http_methods(["GET", "POST"])
@reauthentication_required(allow_get=True)  # type: ignore[untyped-decorator]
def export(request: HttpRequest) -> HttpResponse:
    """Show how a person's copy of her data stands, and start one after the password was given once more."""
    if request.method == "POST":
        link = request.build_absolute_uri(reverse("export"))
        exporting.export_request(user=request.user, session_key=request.session.session_key, link=link)
        return redirect("export")
    return render(request, "privacy/export.html", _export_context(request))


def _export_context(request: HttpRequest) -> dict[str, Any]:
    latest = exporting.export_latest(user=request.user)
    here = latest is not None and latest.session_digest == exporting.session_digest(request.session.session_key)
    return {"export": latest, "fetchable": here, "hours": settings.EXPORT_HOURS}


@never_cache
@login_required
@require_safe
def export_status(request: HttpRequest) -> HttpResponse:
    """Return the card that the page polls; once there is nothing more to wait for, ask for the whole page."""
    context = _export_context(request)
    response = render(request, "privacy/_export_status.html", context)
    if context["export"] is None or not context["export"].is_open:
        response["HX-Refresh"] = "true"
    return response


@login_required
@require_POST
def export_cancel(request: HttpRequest) -> HttpResponse:
    """Stop the copy that is being made."""
    latest = exporting.export_latest(user=request.user)
    if latest is not None and exporting.export_cancel(export=latest):
        messages.success(request, "Stopped. No copy was kept.")
    return redirect("export")


@login_required
@require_safe
def export_download(request: HttpRequest, public_id: uuid.UUID) -> FileResponse:
    """Return the file to the session that asked for it, and to no other."""
    found = get_object_or_404(exporting.exports_ready(user=request.user), public_id=public_id)
    if found.expires_at is None or found.expires_at < timezone.now():
        raise Http404
    if found.session_digest != exporting.session_digest(request.session.session_key):
        raise UserError("export_elsewhere", status=403)
    name = f"mood-music-{timezone.localdate():%Y-%m-%d}.zip"
    try:
        response = FileResponse(found.file.open("rb"), as_attachment=True, filename=name)
    except FileNotFoundError as error:
        raise Http404 from error
    response["Cache-Control"] = "no-store"
    return response


@require_safe
def gpc(request: HttpRequest) -> JsonResponse:
    """Say to browsers that Global Privacy Control is honoured (https://www.w3.org/TR/gpc/, GPC support resource)."""
    return JsonResponse({"gpc": True, "lastUpdate": NOTICE_VERSION})


COOKIES = (
    {"name": settings.SESSION_COOKIE_NAME, "why": "Keeps you logged in.", "term": "Two weeks after you log in."},
    {"name": settings.CSRF_COOKIE_NAME, "why": "Protects forms against being sent by others.", "term": "A year."},
    {
        "name": "messages",
        "why": "Carries one sentence, such as “Saved”, to the next page.",
        "term": "Until it is shown.",
    },
)


def _legal(name: str) -> Any:
    @require_safe
    def page(request: HttpRequest) -> HttpResponse:
        context = {
            "notice_version": NOTICE_VERSION,
            "contact_email": settings.CONTACT_EMAIL,
            "minimum_age": settings.MINIMUM_AGE,
            "spotify": bool(settings.SPOTIFY_CLIENT_ID and settings.SPOTIFY_CLIENT_SECRET),
            "spotify_login": bool(settings.SPOTIFY_CLIENT_ID and settings.SPOTIFY_REDIRECT_URI),
            "retention": [{"what": c.label, "term": c.retention} for c in categories()],
            "rules": rules(),
            "cookies": COOKIES,
            "model_retire_days": settings.MODEL_RETIRE_DAYS,
        }
        return render(request, f"legal/{name}.html", context)

    return page


privacy_notice = _legal("privacy_notice")
terms = _legal("terms")
ai_notice = _legal("ai_notice")
accessibility = _legal("accessibility")
cookies = _legal("cookies")
retention = _legal("retention")
