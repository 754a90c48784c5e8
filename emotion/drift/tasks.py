"""What a worker runs for drift."""

from __future__ import annotations

from celery import shared_task

from emotion.drift import services


@shared_task
def drift_check() -> None:
    """Look whether people correct more than they did."""
    services.drift_check()
