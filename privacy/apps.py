"""The privacy app."""

from django.apps import AppConfig


class PrivacyConfig(AppConfig):
    """Register what this app itself holds of a person."""

    name = "privacy"
    verbose_name = "Privacy"

    def ready(self) -> None:
        """Register the data categories and the retention rules."""
        from privacy import categories, rules

        categories.register_all()
        rules.register_all()
