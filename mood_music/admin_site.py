"""The admin site: staff alone, and only with a second factor in the session; and its first page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from allauth.account.authentication import get_authentication_records
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth import logout as auth_logout
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, resolve_url
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST


def second_factor_used(request: HttpRequest) -> bool:
    """Tell whether this session was opened with a second factor that its person still has.

    Asked of the database each time: whoever's factor was taken away is out at the next page.
    """
    records = get_authentication_records(request, request.user)
    used = [record.get("id") for record in records if record.get("method") == "mfa"]
    return bool(used) and Authenticator.objects.filter(user_id=request.user.pk, pk__in=used).exists()


@dataclass(frozen=True, slots=True)
class Place:
    """Name one page that the administration's own menu leads to, and the permission that opens it.

    `model` is the label of the model whose admin has the page; `page` its name, where it is not the list of rows.
    """

    model: str
    title: str
    text: str
    icon: str
    permission: str
    page: str = ""

    @property
    def address(self) -> str:
        """Return the name of the page's address."""
        return self.page or f"admin:{self.model.replace('.', '_').lower()}_changelist"


PLACES = (
    Place(
        model="emotion.TrainingSample",
        title="Review",
        text="Faces that people allow us to learn from: accept, relabel, reject",
        icon="check",
        permission="emotion.review_trainingsample",
    ),
    Place(
        model="emotion.ModelVersion",
        title="Versions",
        text="Networks side by side: compare, promote, roll back",
        icon="devices",
        permission="emotion.view_modelversion",
    ),
    Place(
        model="emotion.TrainingRun",
        title="Training",
        text="Start a run, watch it, cancel it",
        icon="retake",
        permission="emotion.view_trainingrun",
    ),
    Place(
        model="emotion.DriftAlert",
        title="Drift",
        text="How readings and corrections move, version by version",
        icon="history",
        permission="emotion.view_modelversion",
    ),
    Place(
        model="emotion.Capture",
        title="Statistics",
        text="Readings by month, in sums over many people",
        icon="info",
        permission="emotion.view_capture",
        page="admin:emotion_statistics",
    ),
    Place(
        model="privacy.RightsRequest",
        title="Rights",
        text="Requests that came by mail, and their clocks",
        icon="shield",
        permission="privacy.view_rightsrequest",
    ),
)


class AdminSite(admin.AdminSite):
    """Refuse everybody but active staff who gave a second factor; lead the others to where they can give it."""

    site_header = site_title = "Mood Music administration"
    index_title = "Administration"
    # The places stand in the header of every page.
    enable_nav_sidebar = False

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        """Add the places that this person may open, in the apps that are installed."""
        registered = {model._meta.label for model in self._registry}
        places = []
        for place in PLACES:
            if place.model in registered and request.user.has_perm(place.permission):
                url = reverse(place.address)
                places.append({"place": place, "url": url, "here": request.path.startswith(url)})
        return {**super().each_context(request), "places": places}

    def has_permission(self, request: HttpRequest) -> bool:
        """Tell whether the person may enter: every page of the admin asks this."""
        return super().has_permission(request) and second_factor_used(request)

    @method_decorator(never_cache)
    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Lead to the site's own log-in, to the second factor, or to setting one up.

        Raises PermissionDenied for people who are no staff.
        """
        target = self._target(request)
        if not request.user.is_authenticated:
            return redirect_to_login(target, resolve_url(settings.LOGIN_URL))
        if not super().has_permission(request):
            raise PermissionDenied
        if self.has_permission(request):
            return redirect(target)
        if is_mfa_enabled(request.user, [Authenticator.Type.TOTP]):
            return redirect_to_login(target, reverse("mfa_reauthenticate"))
        messages.info(request, "The administration asks for a second factor. Set one up here; it takes a minute.")
        return redirect("mfa_activate_totp")

    def _target(self, request: HttpRequest) -> str:
        """Return the page that was asked for, if it is one of this site."""
        target = request.GET.get(REDIRECT_FIELD_NAME, "")
        if url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure()):
            return target
        return reverse("admin:index", current_app=self.name)

    # Django's type stubs say TemplateResponse for these three, Django itself any response.
    @method_decorator(require_POST)
    def logout(  # type: ignore[override]
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """End the session and go to the start."""
        auth_logout(request)
        return redirect("home")

    def password_change(  # type: ignore[override]
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Lead to the site's own page, which counts attempts and sends a mail."""
        return redirect("account_change_password")

    def password_change_done(  # type: ignore[override]
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Lead to the account's page."""
        return redirect("account_settings")
