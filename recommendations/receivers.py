"""Hand what the emotion app tells to a task or a service."""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver

from emotion.signals import reading_corrected, reading_recorded
from recommendations import services


@receiver(reading_recorded)
def build_after_reading(sender: Any, reading_id: int, **kwargs: Any) -> None:
    """Queue the first set of a new reading."""
    services.set_publish(reading_id=reading_id)


@receiver(reading_corrected)
def rebuild_after_correction(sender: Any, reading_id: int, **kwargs: Any) -> None:
    """Replace the sets of a corrected reading before its page is shown again."""
    services.sets_rebuild(reading_id=reading_id)
