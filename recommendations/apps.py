"""The recommendations app."""

from django.apps import AppConfig


class RecommendationsConfig(AppConfig):
    """Listen to what the emotion app tells."""

    name = "recommendations"
    verbose_name = "Music"

    def ready(self) -> None:
        """Connect the receivers."""
        from recommendations import receivers  # noqa: F401
