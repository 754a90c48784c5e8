"""Versions in the admin: figures, plots, gates; and what moves a version from one state to another."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.account.decorators import reauthentication_required
from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from emotion.forms import words
from emotion.models import ModelVersion
from emotion.models.versions import active_version
from emotion.statistics import SMALLEST_GROUP
from emotion.versions import presenters, services
from emotion.versions.forms import ImportForm, PromoteForm, ShadowForm
from emotion.versions.gates import PROTOCOL
from emotion.versions.imports import version_import_zip
from emotion.versions.selectors import shadow_agreement, version_before, version_gates, version_whole
from ml.errors import ArtifactError
from mood_music.admin import ReadOnlyAdmin
from mood_music.errors import UserError

Status = ModelVersion.Status
PERMISSION = "emotion.promote_modelversion"


def _sent(request: HttpRequest) -> Any:
    return request.POST if request.method == "POST" else None


def promoters_only(view: Any) -> Any:
    """Refuse everybody who may not promote, and ask those who may for their word that it is them."""

    @wraps(view)
    def checked(self: Any, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.has_perm(PERMISSION):
            raise PermissionDenied
        return view(self, request, *args, **kwargs)  # type: ignore[no-any-return]

    return method_decorator([never_cache, reauthentication_required])(checked)


@admin.register(ModelVersion)
class ModelVersionAdmin(ReadOnlyAdmin):
    """Show versions and move them."""

    list_display = ["version", "state", "origin", "here_since", "promoted", "figure", "retire_by"]

    @admin.display(description="here since", ordering="created_at")
    def here_since(self, version: ModelVersion) -> datetime.date:
        """Return the day on which it came."""
        return version.created_at.date()

    @admin.display(description="last promoted", ordering="promoted_at", empty_value="never")
    def promoted(self, version: ModelVersion) -> datetime.date | None:
        """Return the day on which it became active the last time."""
        return version.promoted_at.date() if version.promoted_at else None

    @admin.display(description="state")
    def state(self, version: ModelVersion) -> str:
        """Return the state as a badge."""
        looks = {"active": "badge badge--good", "candidate": "badge badge--brand", "retired": "badge"}
        text = f"Looks on at {version.shadow_percent} %" if version.in_shadow else version.get_status_display()
        return format_html('<span class="{}">{}</span>', looks[version.status], text)

    @admin.display(description=f"{PROTOCOL} accuracy")
    def figure(self, version: ModelVersion) -> str:
        """Return the accuracy on each data set."""
        found = version.evaluation.get("sets", {})
        told = [f"{name} {100 * of['reports'][PROTOCOL]['accuracy']:.1f} %" for name, of in found.items()]
        return ", ".join(told) or "not measured"

    def get_urls(self) -> list[URLPattern]:
        """Add the comparison and the steps."""
        view = self.admin_site.admin_view
        return [
            path("import/", view(self.import_view), name="emotion_modelversion_import"),
            path("roll-back/", view(self.roll_back), name="emotion_modelversion_roll_back"),
            path("<int:pk>/compare/", view(self.compare), name="emotion_modelversion_compare"),
            path("<int:pk>/promote/", view(self.promote), name="emotion_modelversion_promote"),
            path("<int:pk>/shadow/", view(self.shadow), name="emotion_modelversion_shadow"),
            path("<int:pk>/shadow-stop/", view(self.shadow_stop), name="emotion_modelversion_shadow_stop"),
            path("<int:pk>/discard/", view(self.discard), name="emotion_modelversion_discard"),
            path("<int:pk>/measure/", view(self.measure), name="emotion_modelversion_measure"),
            *super().get_urls(),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Show the list, with what can be done beside it."""
        active = active_version()
        context = {
            "title": "Versions of the network",
            "active": active,
            "before": version_before(active) if active else None,
            "may_promote": request.user.has_perm(PERMISSION),
        }
        return super().changelist_view(request, {**context, **(extra_context or {})})

    @method_decorator([never_cache, require_safe])
    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show one version: where it comes from, what it measured, what stands in its way."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        version = self.get_object(request, object_id)
        if version is None:
            raise Http404
        gates = version_gates(version)
        agreement = shadow_agreement(version)
        context = self._context(request, version) | {
            "whole": version_whole(version),
            "gates": gates,
            "failed": sum(not gate.passed for gate in gates),
            "robustness": presenters.robustness(version.evaluation),
            "agreement": agreement,
            "shares": presenters.shares(agreement) if agreement else {},
            "smallest": SMALLEST_GROUP,
            "may_promote": request.user.has_perm(PERMISSION),
            "compared_with": version.evaluation.get("compared_with", ""),
        }
        return TemplateResponse(request, "admin/emotion/modelversion/version.html", context)

    @method_decorator([never_cache, require_safe])
    def compare(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show a version beside the one that was active when it was measured."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        version = get_object_or_404(ModelVersion, pk=pk)
        if "reference" not in version.evaluation:
            raise Http404
        context = self._context(request, version) | {
            "title": "Side by side",
            "other": version.evaluation["compared_with"],
            "current": active_version(),
            "robustness": presenters.robustness(version.evaluation),
            "emotions": presenters.EMOTION_NAMES,
        }
        return TemplateResponse(request, "admin/emotion/modelversion/compare.html", context)

    def _context(self, request: HttpRequest, version: ModelVersion) -> dict[str, Any]:
        return {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": version.version,
            "version": version,
            "sets": presenters.figures(version.evaluation),
            "costs": presenters.costs(version.evaluation),
        }

    @promoters_only
    def promote(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Make a version the active one, past a failed gate only for a reason."""
        version = get_object_or_404(ModelVersion, pk=pk)
        failed = [gate for gate in version_gates(version) if not gate.passed]
        return self._step(
            request,
            version,
            title=f"Promote {version.version}",
            text="Workers read with it from their next task on. You can roll back at once.",
            button="Promote",
            form=PromoteForm(_sent(request), needed=bool(failed)),
            do=lambda answers: services.version_promote(
                version=version, actor=request.user, override_reason=answers.get("reason", "")
            ),
            done=f"{version.version} is active now.",
            failed=failed,
        )

    @promoters_only
    def roll_back(self, request: HttpRequest) -> HttpResponse:
        """Make the version before the active one active again."""
        active = active_version()
        before = version_before(active) if active else None
        if active is None or before is None:
            self.message_user(request, words("version_first"), messages.WARNING)
            return redirect("admin:emotion_modelversion_changelist")
        return self._step(
            request,
            before,
            title=f"Roll back to {before.version}",
            text=f"{active.version} retires. Workers read with {before.version} from their next task on.",
            button="Roll back",
            form=forms.Form(_sent(request)),
            do=lambda answers: services.version_roll_back(actor=request.user),
            done=f"{before.version} is active again.",
        )

    @promoters_only
    def shadow(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Let a candidate look on."""
        version = get_object_or_404(ModelVersion, pk=pk)
        return self._step(
            request,
            version,
            title=f"Let {version.version} look on",
            text="It reads beside the active version. Nobody is shown what it says; its page shows how far both agree.",
            button="Start",
            form=ShadowForm(_sent(request)),
            do=lambda answers: services.shadow_start(version=version, percent=answers["percent"], actor=request.user),
            done=f"{version.version} looks on now.",
        )

    @promoters_only
    def shadow_stop(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Let a candidate look on no longer."""
        version = get_object_or_404(ModelVersion, pk=pk)
        return self._step(
            request,
            version,
            title=f"Stop {version.version} looking on",
            text="What it has said so far stays, and can be seen on its page.",
            button="Stop",
            form=forms.Form(_sent(request)),
            do=lambda answers: services.shadow_stop(version=version, actor=request.user),
            done=f"{version.version} does not look on any more.",
        )

    @promoters_only
    def discard(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Put a candidate aside."""
        version = get_object_or_404(ModelVersion, pk=pk)
        return self._step(
            request,
            version,
            title=f"Discard {version.version}",
            text="It retires without having read for anybody. Its files stay; it can be promoted later.",
            button="Discard",
            form=forms.Form(_sent(request)),
            do=lambda answers: services.version_discard(version=version, actor=request.user),
            done=f"{version.version} is retired.",
        )

    @promoters_only
    def measure(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Have a version measured beside the active one."""
        version = get_object_or_404(ModelVersion, pk=pk)
        return self._step(
            request,
            version,
            title=f"Measure {version.version}",
            text="The worker for training reads all test rows with both versions. That takes minutes; the figures "
            "stand on its page afterwards.",
            button="Measure",
            form=forms.Form(_sent(request)),
            do=lambda answers: services.version_measure_ask(version=version),
            done=f"{version.version} is going to be measured.",
        )

    def _step(
        self,
        request: HttpRequest,
        version: ModelVersion,
        *,
        title: str,
        text: str,
        button: str,
        form: forms.Form,
        do: Callable[[dict[str, Any]], object],
        done: str,
        failed: Any = (),
    ) -> HttpResponse:
        """Ask whether it is meant, do it, and go back to the version's page."""
        if request.method == "POST" and form.is_valid():
            try:
                do(form.cleaned_data)
            except UserError as error:
                form.add_error(None, words(error.message_id))
            else:
                self.message_user(request, done, messages.SUCCESS)
                return redirect(reverse("admin:emotion_modelversion_change", args=[version.pk]))
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": title,
            "version": version,
            "text": text,
            "button": button,
            "form": form,
            "failed": failed,
        }
        return TemplateResponse(request, "admin/emotion/modelversion/step.html", context)

    @promoters_only
    def import_view(self, request: HttpRequest) -> HttpResponse:
        """Take an artifact from outside as a candidate."""
        sent, files = _sent(request), request.FILES or None
        # Known only once the body has been read.
        form = ImportForm(sent, files, too_large=getattr(request, "upload_too_large", False))
        if form.is_valid():
            try:
                version = version_import_zip(file=form.cleaned_data["file"].file, actor=request.user)
            except ArtifactError as error:
                form.add_error("file", f"Nothing was taken in: {error}")
            except UserError as error:
                form.add_error("file", words(error.message_id))
            else:
                self.message_user(request, f"{version.version} is a candidate. Measure it next.", messages.SUCCESS)
                return redirect(reverse("admin:emotion_modelversion_change", args=[version.pk]))
        context = {
            **self.admin_site.each_context(request), "opts": self.opts, "title": "Import a version", "form": form
        }  # fmt: skip
        return TemplateResponse(request, "admin/emotion/modelversion/import.html", context)
