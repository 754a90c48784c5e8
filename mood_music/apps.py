"""The project package as an app: system checks and shared template tags; and the admin with our own site."""

from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps


class MoodMusicConfig(AppConfig):
    """Register the system checks."""

    name = "mood_music"
    verbose_name = "Mood Music"

    def ready(self) -> None:
        """Load the checks."""
        from mood_music import checks  # noqa: F401


class AdminConfig(admin_apps.AdminConfig):
    """Let `django.contrib.admin.site` be ours, for every app that registers its models there."""

    default_site = "mood_music.admin_site.AdminSite"
    # Not what "mood_music" alone in INSTALLED_APPS stands for.
    default = False
