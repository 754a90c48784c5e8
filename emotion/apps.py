"""The emotion app."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.conf import settings


class EmotionConfig(AppConfig):
    """Tell the privacy registry what this app holds of a person."""

    name = "emotion"
    verbose_name = "Expressions"

    def ready(self) -> None:
        """Register the data categories."""
        from emotion import services
        from emotion.models import Capture, EmotionReading
        from privacy.purposes import Purpose
        from privacy.registry import DataCategory, register

        def waiting(user: Any) -> Any:
            return Capture.objects.for_user(user).filter(status__in=Capture.OPEN)

        def purge_waiting(user: Any) -> None:
            services.captures_delete(captures=waiting(user))

        def purge_history(user: Any) -> None:
            services.captures_delete(captures=Capture.objects.for_user(user))

        register(
            DataCategory(
                name="waiting_pictures",
                label="Pictures waiting to be read",
                purpose=Purpose.EMOTION_INFERENCE,
                retention="Deleted as soon as the reading exists, usually within seconds.",
                count=lambda user: waiting(user).count(),
                purge=purge_waiting,
            )
        )
        register(
            DataCategory(
                name="readings",
                label="Readings, with their corrections and music",
                purpose=Purpose.STORE_HISTORY,
                retention=(
                    "Until you delete them. Without your consent to a history, "
                    f"{settings.UNKEPT_READING_MINUTES} minutes."
                ),
                count=lambda user: EmotionReading.objects.for_user(user).count(),
                purge=purge_history,
            )
        )
        register(
            DataCategory(
                name="crops",
                label="Crops of your face beside readings",
                purpose=Purpose.STORE_IMAGE,
                retention="Until you delete the reading or withdraw this consent. Without it, none is kept.",
                count=lambda user: EmotionReading.objects.for_user(user).exclude(crop="").count(),
                purge=lambda user: services.crops_delete(user=user),
            )
        )
