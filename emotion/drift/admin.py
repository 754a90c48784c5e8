"""The drift page of the admin: charts in sums over many people, and the alerts."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from emotion.drift.selectors import drift_charts
from emotion.drift.services import drift_alert_close
from emotion.models import DriftAlert
from emotion.models.versions import active_version
from emotion.statistics import SMALLEST_GROUP
from mood_music.admin import ReadOnlyAdmin
from mood_music.errors import UserError
from mood_music.messages import message

LATEST = 10


@admin.register(DriftAlert)
class DriftAlertAdmin(ReadOnlyAdmin):
    """Show the page in place of a list of alerts."""

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Show it to whoever may see versions: it is about them."""
        return bool(request.user.has_perm("emotion.view_modelversion"))

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Show it on the index to the same people."""
        return self.has_view_permission(request)

    def get_urls(self) -> list[URLPattern]:
        """Serve the page and the closing of an alert; there is no page of a single row."""
        view = self.admin_site.admin_view
        return [
            path("", view(self.page), name="emotion_driftalert_changelist"),
            path("<int:pk>/close/", view(self.close), name="emotion_driftalert_close"),
        ]

    @method_decorator(never_cache)
    @method_decorator(require_safe)
    def page(self, request: HttpRequest) -> HttpResponse:
        """Draw how readings moved in eight weeks; `?by=day` draws days."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        weekly = request.GET.get("by") != "day"
        context = {
            **self.admin_site.each_context(request),
            "title": "Drift",
            "charts": drift_charts(weekly=weekly),
            "weekly": weekly,
            "smallest": SMALLEST_GROUP,
            "open_alerts": DriftAlert.objects.filter(closed_at=None),
            "closed_alerts": DriftAlert.objects.exclude(closed_at=None)[:LATEST],
            "may_close": request.user.has_perm("emotion.promote_modelversion"),
            "active": active_version(),
        }
        return TemplateResponse(request, "admin/emotion/drift.html", context)

    @method_decorator(require_POST)
    def close(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Close one alert."""
        if not request.user.has_perm("emotion.promote_modelversion"):
            raise PermissionDenied
        try:
            drift_alert_close(alert_id=pk, actor=request.user)
            messages.success(request, "The alert is closed.")
        except UserError as error:
            said = message(error.message_id)
            messages.warning(request, f"{said.title}. {said.text} {said.action}")
        return redirect("admin:emotion_driftalert_changelist")
