"""The recommendations app."""

from django.apps import AppConfig


class RecommendationsConfig(AppConfig):
    """Listen to what the emotion app tells, and tell the privacy registry what is held here."""

    name = "recommendations"
    verbose_name = "Music"

    def ready(self) -> None:
        """Connect the receivers and register the data categories."""
        from recommendations import receivers  # noqa: F401
        from recommendations.categories import register_all
        from recommendations.providers.spotify import receivers as spotify_receivers  # noqa: F401

        register_all()
