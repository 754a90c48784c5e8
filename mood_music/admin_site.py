"""The admin site: staff alone, and only with a second factor in the session."""

from __future__ import annotations

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


class AdminSite(admin.AdminSite):
    """Refuse everybody but active staff who gave a second factor; lead the others to where they can give it."""

    site_header = site_title = "Mood Music administration"
    index_title = "Administration"

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
