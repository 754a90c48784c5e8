"""Pages that belong to no app: the landing page, the legal pages, health, and the site's own error pages."""

from __future__ import annotations

from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.views.decorators.http import require_safe


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Show what the site is; a signed-in person goes on to a new reading."""
    if request.user.is_authenticated:
        return redirect("capture_new")
    return render(request, "home.html", {"minimum_age": settings.MINIMUM_AGE})


@require_safe
def favicon(request: HttpRequest) -> HttpResponse:
    """Lead browsers that ask at the customary place to the drawing that the pages name."""
    return redirect(static("img/favicon.svg"))


@require_safe
def health_live(request: HttpRequest) -> JsonResponse:
    """Answer while the process serves requests."""
    return JsonResponse({"status": "ok"})


@require_safe
def health_ready(request: HttpRequest) -> JsonResponse:
    """Answer 200 once the database answers; a database that is down becomes a 503 in the middleware."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return JsonResponse({"status": "ready"})
