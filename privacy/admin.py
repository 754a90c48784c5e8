"""The privacy models in the admin: to be read, never to be changed."""

from django.contrib import admin

from mood_music.admin import ReadOnlyAdmin
from privacy.models import ConsentRecord


@admin.register(ConsentRecord)
class ConsentRecordAdmin(ReadOnlyAdmin):
    """Show consent records without their people's addresses."""

    list_display = ["id", "purpose", "granted", "notice_version", "created_at"]
    list_filter = ["purpose", "granted", "notice_version"]
    fields = ["id", "purpose", "granted", "notice_version", "created_at"]
