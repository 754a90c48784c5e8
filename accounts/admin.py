"""People in the admin, and their second factors, which can be taken away but never read."""

from __future__ import annotations

from typing import Any

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.http import HttpRequest

from accounts.models import User
from accounts.services import second_factor_reset
from mood_music.admin import ReadOnlyAdmin
from privacy.erasure import erasure_request
from privacy.models import ErasureRequest

# allauth's own page would show the secret, and let it be changed.
admin.site.unregister(Authenticator)

# Where somebody is logged in is for that person alone; allauth would show it to every administrator.
admin.site.unregister(UserSession)


@admin.register(User)
class UserAdmin(DjangoUserAdmin):  # type: ignore[type-arg]
    """Show accounts by address; no mood, no picture. To delete one is to erase it, as its owner could."""

    ordering = ["-date_joined"]
    list_display = ["email", "public_id", "is_active", "is_staff", "date_joined"]
    search_fields = ["email", "public_id"]
    readonly_fields = ["public_id", "age_confirmed_at", "last_login", "date_joined"]
    fieldsets = [
        (None, {"fields": ["email", "password", "public_id"]}),
        ("Rights", {"fields": ["is_active", "is_staff", "is_superuser", "groups", "user_permissions"]}),
        ("Dates", {"fields": ["age_confirmed_at", "last_login", "date_joined"]}),
    ]
    # Plain lists: Django's double boxes need scripts, and name their parts in a way that screen readers are not told.
    filter_horizontal = []
    add_fieldsets = [(None, {"fields": ["email", "password1", "password2"]})]

    def get_deleted_objects(
        self, objs: Any, request: HttpRequest
    ) -> tuple[list[str], dict[str, int], set[str], list[str]]:
        """Name the accounts alone: what hangs on them is erased with them, and is nobody's to look at."""
        return [str(user) for user in objs], {"accounts": len(objs)}, set(), []

    def delete_model(self, request: HttpRequest, obj: User) -> None:
        """Erase the account; only then is it verified, told, and kept erased after a restored backup."""
        erasure_request(user=obj, scope=ErasureRequest.ACCOUNT, by=request.user)
        hours = settings.ERASURE_GRACE_HOURS
        self.message_user(
            request, f"All data are erased. The account follows in {hours} hours.", messages.WARNING, fail_silently=True
        )

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        """Erase each account."""
        for user in queryset:
            self.delete_model(request, user)


@admin.register(Authenticator)
class AuthenticatorAdmin(ReadOnlyAdmin):
    """Show who has a second factor; whoever lost hers is helped by taking it away."""

    list_display = ["address", "type", "created_at", "last_used_at"]
    list_select_related = ["user"]
    list_filter = ["type"]
    search_fields = ["user__email", "user__public_id"]
    fields = ["address", "type", "created_at", "last_used_at"]
    actions = None

    @admin.display(description="Account", ordering="user__email")
    def address(self, authenticator: Authenticator) -> str:
        """Return whose it is."""
        return str(authenticator.user.email)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let superusers alone take a second factor away: without it a password is enough to set up a new one."""
        return bool(request.user.is_superuser)

    def delete_model(self, request: HttpRequest, obj: Authenticator) -> None:
        """Take away all second factors of the person: recovery codes are of no use without the app."""
        second_factor_reset(user=obj.user, actor=request.user)
