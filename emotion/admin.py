"""Captures in the admin: their state, never a picture; readings only in sums, or behind broken glass."""

from __future__ import annotations

from allauth.account.decorators import reauthentication_required
from django import forms
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache

import emotion.drift.admin
import emotion.samples.admin
import emotion.training.admin
import emotion.versions.admin  # noqa: F401 - registers the versions
from emotion.forms import words
from emotion.models import Capture, EmotionReading
from emotion.statistics import SMALLEST_GROUP, readings_by_month
from mood_music.admin import ReadOnlyAdmin
from mood_music.errors import UserError
from privacy.glass import OPEN_FOR, glass_break, glass_look

LATEST = 50


class GlassForm(forms.Form):
    """Ask whose readings are to be seen, and why."""

    person = forms.UUIDField(label="Public id of the person")
    reason = forms.CharField(label="Reason (the person reads it)", widget=forms.Textarea, max_length=500)


@admin.register(Capture)
class CaptureAdmin(ReadOnlyAdmin):
    """Show how the queue does, without showing whose capture it is."""

    list_display = ["id", "status", "source", "attempts", "refusal", "created_at", "finished_at"]
    list_filter = ["status", "source", "refusal"]
    fields = ["id", "status", "source", "attempts", "refusal", "created_at", "finished_at"]
    change_list_template = "admin/emotion/capture_list.html"

    def get_urls(self) -> list[URLPattern]:
        """Add the statistics and the break-glass pages."""
        view = self.admin_site.admin_view
        return [
            path("statistics/", view(self.statistics), name="emotion_statistics"),
            path("break-glass/", view(self.glass), name="emotion_glass"),
            path("break-glass/<uuid:public_id>/", view(self.looked), name="emotion_glass_look"),
            *super().get_urls(),
        ]

    def statistics(self, request: HttpRequest) -> HttpResponse:
        """Show sums over at least ten people each."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        context = {
            **self.admin_site.each_context(request),
            "title": "Readings by month",
            "cells": readings_by_month(),
            "smallest": SMALLEST_GROUP,
        }
        return TemplateResponse(request, "admin/emotion/statistics.html", context)

    @method_decorator(never_cache)
    @method_decorator(reauthentication_required(allow_get=True))
    def glass(self, request: HttpRequest) -> HttpResponse:
        """Open one person's readings for a short time, for a reason that she is told."""
        if not request.user.is_superuser:
            raise PermissionDenied
        form = GlassForm(request.POST or None)
        if form.is_valid():
            person = get_user_model().objects.filter(public_id=form.cleaned_data["person"]).first()
            if person is None:
                form.add_error("person", "There is nobody with this id.")
            else:
                try:
                    glass_break(actor=request.user, user=person, reason=form.cleaned_data["reason"])
                except UserError as error:
                    form.add_error("reason", words(error.message_id))
                else:
                    return redirect(reverse("admin:emotion_glass_look", args=[person.public_id]))
        minutes = OPEN_FOR.seconds // 60
        context = {**self.admin_site.each_context(request), "title": "Break glass", "form": form, "minutes": minutes}
        return TemplateResponse(request, "admin/emotion/glass.html", context)

    @method_decorator(never_cache)
    def looked(self, request: HttpRequest, public_id: str) -> HttpResponse:
        """Show a person's latest readings, without pictures, while the glass is open; each look is logged."""
        if not request.user.is_superuser:
            raise PermissionDenied
        person = get_object_or_404(get_user_model(), public_id=public_id)
        glass = glass_look(actor=request.user, user=person)
        readings = EmotionReading.objects.filter(user=person).order_by("-created_at")[:LATEST]
        context = {
            **self.admin_site.each_context(request),
            "title": "Readings of one person",
            "glass": glass,
            "readings": readings,
        }
        return TemplateResponse(request, "admin/emotion/glass_look.html", context)
