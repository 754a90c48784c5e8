"""The review queue: faces without a name, one decision each. Nothing here says whose face it is."""

from __future__ import annotations

from functools import wraps
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from emotion.models import EMOTION_CHOICES, TrainingSample
from emotion.samples import services
from emotion.samples.selectors import samples_for_review
from mood_music.admin import ReadOnlyAdmin
from mood_music.errors import UserError
from mood_music.messages import message

PAGE = 12


class DecisionForm(forms.Form):
    """Take what the reviewer saw and what she decides."""

    seen = forms.ChoiceField(choices=EMOTION_CHOICES)
    decision = forms.ChoiceField(choices=[(name, name) for name in ("accept", "relabel", "reject")])
    label = forms.ChoiceField(choices=EMOTION_CHOICES, required=False)

    def apply(self, sample: TrainingSample, actor: Any) -> None:
        """Do what was decided. Raises UserError when the sample is not any more what the reviewer saw."""
        if sample.label != self.cleaned_data["seen"]:
            raise UserError("sample_changed", status=409)
        match self.cleaned_data["decision"]:
            case "accept":
                services.sample_accept(sample=sample, actor=actor)
            case "relabel":
                services.sample_relabel(sample=sample, actor=actor, label=self.cleaned_data["label"])
            case "reject":
                services.sample_reject(sample=sample, actor=actor)


def reviewers_only(view: Any) -> Any:
    """Refuse everybody without the permission to review."""

    @wraps(view)
    def checked(self: Any, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        return view(self, request, *args, **kwargs)  # type: ignore[no-any-return]

    return checked


@admin.register(TrainingSample)
class TrainingSampleAdmin(ReadOnlyAdmin):
    """Show the queue in place of a list of rows: a row would say whose face it is."""

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Ask for the permission to review; the right to view rows is not enough."""
        return bool(request.user.has_perm("emotion.review_trainingsample"))

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Show the queue on the index to those who may use it."""
        return self.has_view_permission(request)

    def get_urls(self) -> list[URLPattern]:
        """Serve the queue, its pictures and the decisions; there is no page of a single row, and no history of one."""
        view = self.admin_site.admin_view
        return [
            path("", view(self.queue), name="emotion_trainingsample_changelist"),
            path("<int:pk>/picture/", view(self.picture), name="emotion_sample_picture"),
            path("<int:pk>/decide/", view(self.decide), name="emotion_sample_decide"),
        ]

    @method_decorator(never_cache)
    @method_decorator(require_safe)
    @reviewers_only
    def queue(self, request: HttpRequest) -> HttpResponse:
        """Show the faces that have waited longest."""
        waiting = samples_for_review()
        context = {
            **self.admin_site.each_context(request),
            "title": "Faces to review",
            "samples": waiting.only("pk", "label", "predicted", "origin")[:PAGE],
            "waiting": waiting.count(),
            "emotions": EMOTION_CHOICES,
        }
        return TemplateResponse(request, "admin/emotion/sample_queue.html", context)

    @method_decorator(require_safe)
    @reviewers_only
    def picture(self, request: HttpRequest, pk: int) -> FileResponse:
        """Return a face that waits for review, and leave it in nobody's cache."""
        sample = get_object_or_404(samples_for_review(), pk=pk)
        try:
            response = FileResponse(sample.image.open("rb"), content_type="image/png")
        except FileNotFoundError as error:
            raise Http404 from error
        response["Cache-Control"] = "no-store"
        # The name under which it is stored is nobody's business either.
        response["Content-Disposition"] = "inline"
        return response

    @method_decorator(require_POST)
    @reviewers_only
    def decide(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Take one decision, and go on with the queue."""
        form = DecisionForm(request.POST)
        sample = samples_for_review().filter(pk=pk).first()
        try:
            if not form.is_valid():
                raise UserError("unknown_emotion")
            if sample is None:
                raise UserError("sample_changed", status=409)
            form.apply(sample, request.user)
        except UserError as error:
            said = message(error.message_id)
            messages.warning(request, f"{said.title}. {said.text} {said.action}")
        # The address of the first face gives it the focus: the next key press is for the next decision.
        return redirect(f"{reverse('admin:emotion_trainingsample_changelist')}#faces")
