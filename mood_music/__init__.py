"""The project package: settings, addresses, the Celery application and what every app may use."""

from mood_music.celery import app as celery_app

__all__ = ["celery_app"]
