"""The emotion app."""

from django.apps import AppConfig


class EmotionConfig(AppConfig):
    """Tell the privacy registry what this app holds of a person."""

    name = "emotion"
    verbose_name = "Expressions"

    def ready(self) -> None:
        """Register the data categories and the retention rules."""
        from emotion import categories, rules

        categories.register_all()
        rules.register_all()
