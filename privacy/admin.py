"""The privacy models in the admin: to be read, never to be changed."""

from django.contrib import admin

from mood_music.admin import ReadOnlyAdmin
from privacy.models import AuditEvent, ConsentRecord, ErasureRequest


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
