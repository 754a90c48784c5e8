"""The privacy app."""

from django.apps import AppConfig


class PrivacyConfig(AppConfig):
    """Name the app."""

    name = "privacy"
    verbose_name = "Privacy"
