"""Training in the admin: start a run, watch it, cancel it, read what it was given."""

from __future__ import annotations

from typing import Any

from allauth.account.decorators import reauthentication_required
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from emotion.forms import words
from emotion.models import ModelVersion, TrainingRun
from emotion.models.versions import active_version
from emotion.training import services
from emotion.training.forms import StartForm
from emotion.training.selectors import manifest_counts, samples_new, samples_teaching
from mood_music.admin import ReadOnlyAdmin
from mood_music.charts import Chart, Series, line_chart
from mood_music.errors import UserError

LOOKS = {"queued": "badge", "running": "badge badge--brand", "done": "badge badge--good"}


def curves(run: TrainingRun) -> list[Chart]:
    """Return the curves of a run's complete epochs: its loss, and the accuracy on the rows that validate."""
    epochs = [str(row["epoch"]) for row in run.history]
    charts = [
        line_chart(
            title="Loss", x=epochs, x_label="Epoch", figures=".3f",
            series=[Series("Training loss", [row["loss"] for row in run.history])],
        )
    ]  # fmt: skip
    if any(row["accuracy"] is not None for row in run.history):
        charts.append(
            line_chart(
                title="Accuracy", x=epochs, x_label="Epoch", percent=True,
                series=[Series("Accuracy on the rows that validate", [row["accuracy"] for row in run.history])],
            )
        )  # fmt: skip
    return charts


def progress_of(run: TrainingRun) -> dict[str, Any]:
    """Return what the live part of a run's page shows."""
    total = run.epochs * run.steps
    done = max(0, run.epoch - 1) * run.steps + run.step
    return {
        "run": run,
        "done": done,
        "total": total,
        "percent": round(100 * done / total) if total else 0,
        "eta_minutes": None if run.eta_seconds is None else -(-run.eta_seconds // 60),
        "charts": curves(run) if run.history else [],
        "version": ModelVersion.objects.filter(run=run).first(),
        "look": LOOKS.get(run.status, "badge badge--warning"),
    }


@admin.register(TrainingRun)
class TrainingRunAdmin(ReadOnlyAdmin):
    """Show runs; start and cancel them."""

    list_display = ["name", "state", "kind", "start_version", "how_far", "created_at", "finished_at"]
    list_filter = ["status", "kind"]
    change_list_template = "admin/emotion/trainingrun/change_list.html"

    @admin.display(description="run", ordering="id")
    def name(self, run: TrainingRun) -> str:
        """Return the first digits of its id."""
        return str(run.public_id)[:8]

    @admin.display(description="state", ordering="status")
    def state(self, run: TrainingRun) -> str:
        """Return the state as a badge."""
        return format_html('<span class="{}">{}</span>', LOOKS.get(run.status, "badge badge--warning"),
                           run.get_status_display())  # fmt: skip

    @admin.display(description="epochs")
    def how_far(self, run: TrainingRun) -> str:
        """Return how many epochs are complete."""
        return f"{len(run.history)} of {run.epochs}"

    def get_urls(self) -> list[URLPattern]:
        """Add the form, the live part and the button."""
        view = self.admin_site.admin_view
        return [
            path("start/", view(self.start), name="emotion_trainingrun_start"),
            path("<int:pk>/progress/", view(self.progress), name="emotion_trainingrun_progress"),
            path("<int:pk>/cancel/", view(self.cancel), name="emotion_trainingrun_cancel"),
            *super().get_urls(),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Show the list, with the way to the form."""
        context = {
            "title": "Training runs",
            "may_start": request.user.has_perm(services.PERMISSION),
            "open_run": TrainingRun.objects.filter(is_open=True).first(),
        }
        return super().changelist_view(request, {**context, **(extra_context or {})})

    @method_decorator([never_cache, reauthentication_required])
    def start(self, request: HttpRequest) -> HttpResponse:
        """Take the choices of a run and queue it."""
        if not request.user.has_perm(services.PERMISSION):
            raise PermissionDenied
        form = StartForm(request.POST or None)
        if form.is_valid():
            try:
                run = services.training_run_create(
                    actor=request.user, kind=form.cleaned_data["kind"], options=form.options()
                )
            except UserError as error:
                form.add_error(None, words(error.message_id))
            else:
                return redirect(reverse("admin:emotion_trainingrun_change", args=[run.pk]))
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": "Start a training run",
            "form": form,
            "active": active_version(),
            "samples": samples_teaching().count(),
            "fresh": samples_new().count(),
            "least": services.LEAST_SAMPLES,
            "base_data": bool(settings.TRAINING_BASE_DATA),
        }
        return TemplateResponse(request, "admin/emotion/trainingrun/start.html", context)

    @method_decorator([never_cache, require_safe])
    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show one run: how far it is, what it was given, what it was told."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        run = self.get_object(request, object_id)
        if run is None:
            raise Http404
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": f"Training run {str(run.public_id)[:8]}",
            "manifest": manifest_counts(run),
            "may_cancel": run.is_open and request.user.has_perm(services.PERMISSION),
            **progress_of(run),
        }
        return TemplateResponse(request, "admin/emotion/trainingrun/run.html", context)

    @method_decorator([never_cache, require_safe])
    def progress(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Return the live part alone, which asks for itself again while the run is open."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        run = get_object_or_404(TrainingRun, pk=pk)
        response = TemplateResponse(request, "admin/emotion/trainingrun/_progress.html", progress_of(run))
        if not run.is_open:
            # The whole page says more of a run that is over.
            response["HX-Refresh"] = "true"
        return response

    @method_decorator(require_POST)
    def cancel(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Ask for a run's end."""
        run = get_object_or_404(TrainingRun, pk=pk)
        if not request.user.has_perm(services.PERMISSION):
            raise PermissionDenied
        try:
            services.run_cancel(run=run, actor=request.user)
        except UserError as error:
            self.message_user(request, words(error.message_id), messages.WARNING)
        else:
            self.message_user(request, "The run stops at its next batch.", messages.SUCCESS)
        return redirect(reverse("admin:emotion_trainingrun_change", args=[run.pk]))
