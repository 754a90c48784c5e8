"""The project package as an app: system checks and shared template tags."""

from django.apps import AppConfig


class MoodMusicConfig(AppConfig):
    """Register the system checks."""

    name = "mood_music"
    verbose_name = "Mood Music"

    def ready(self) -> None:
        """Load the checks."""
        from mood_music import checks  # noqa: F401
