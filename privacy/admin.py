"""The privacy models in the admin: to be read, never to be changed."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from mood_music.admin import ReadOnlyAdmin
from privacy.models import AuditEvent, BreakGlass, ConsentRecord, ErasureRequest, RightsRequest
from privacy.rights import due_date, requests_due


@admin.register(ConsentRecord)
class ConsentRecordAdmin(ReadOnlyAdmin):
    """Show consent records without their people's addresses."""

    list_display = ["id", "purpose", "granted", "notice_version", "created_at"]
    list_filter = ["purpose", "granted", "notice_version"]
    fields = ["id", "purpose", "granted", "notice_version", "created_at"]


@admin.register(AuditEvent)
class AuditEventAdmin(ReadOnlyAdmin):
    """Show the audit log; `manage.py audit_verify` tells whether it is whole."""

    list_display = ["number", "at", "kind", "subject", "actor", "detail"]
    list_filter = ["kind"]
    search_fields = ["subject", "actor"]
    fields = ["number", "at", "kind", "subject", "actor", "detail", "previous", "digest"]


@admin.register(ErasureRequest)
class ErasureRequestAdmin(ReadOnlyAdmin):
    """Show how erasures stand, without showing whose they are."""

    list_display = ["id", "scope", "status", "created_at", "due_at", "finished_at", "residue"]
    list_filter = ["status", "scope"]
    fields = ["id", "scope", "status", "created_at", "due_at", "finished_at", "steps", "counts", "residue"]


@admin.register(RightsRequest)
class RightsRequestAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Keep the ledger of requests that came by mail: when they came, when they are due, how they were closed."""

    list_display = ["id", "right", "law", "received_on", "due_on", "clock", "closed_on"]
    list_filter = ["law", "right", ("closed_on", admin.EmptyFieldListFilter)]
    readonly_fields = ["due_on", "alarmed_on"]

    @admin.display(description="Clock")
    def clock(self, request: RightsRequest) -> str:
        """Say how long there is left, or how late it is."""
        if request.closed_on:
            return "closed in time" if request.closed_on <= request.due_on else "closed late"
        days = (request.due_on - timezone.localdate()).days
        return f"{days} days left" if days >= 0 else f"OVERDUE by {-days} days"

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Say above the list how many have to be answered now."""
        due = requests_due().count()
        if due and self.has_view_permission(request):
            noun = "request is" if due == 1 else "requests are"
            self.message_user(request, f"{due} {noun} due within a week, or overdue.", messages.WARNING)
        return super().changelist_view(request, extra_context)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Start the clock with the day the request came."""
        obj.due_on = due_date(law=obj.law, received_on=obj.received_on)
        super().save_model(request, obj, form, change)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse: a ledger loses nothing but by its term."""
        return False


@admin.register(BreakGlass)
class BreakGlassAdmin(ReadOnlyAdmin):
    """Show who broke the glass, when and why."""

    list_display = ["id", "actor", "created_at", "expires_at", "reason"]
    fields = ["actor", "user", "reason", "created_at", "expires_at"]
