"""The emotion app."""

from django.apps import AppConfig


class EmotionConfig(AppConfig):
    """Tell the privacy registry what this app holds of a person."""

    name = "emotion"
    verbose_name = "Expressions"

    def ready(self) -> None:
        """Register the data categories."""
        from emotion.categories import register_all

        register_all()
