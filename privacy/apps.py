"""The privacy app."""

from django.apps import AppConfig


class PrivacyConfig(AppConfig):
    """Register what this app itself holds of a person."""

    name = "privacy"
    verbose_name = "Privacy"

    def ready(self) -> None:
        """Register the data categories."""
        from privacy.categories import register_all

        register_all()
