"""The Celery application. Run with `celery -A mood_music worker`."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mood_music.settings.local")

app = Celery("mood_music")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
# Not apps of Django's list, so their tasks are named here.
app.autodiscover_tasks(["emotion.drift", "emotion.training", "emotion.versions", "recommendations.providers.spotify"])
