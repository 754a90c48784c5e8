import subprocess
import sys

import pytest

CODE = """
import sys, django
from django.test import Client
import mood_music.wsgi
from django.urls import get_resolver
get_resolver().url_patterns
import emotion.tasks, recommendations.tasks, emotion.views, recommendations.api
loaded = sorted(name for name in sys.modules if name.split('.')[0] in
                {'tensorflow', 'keras', 'mtcnn', 'onnx', 'onnxruntime', 'h5py'})
print(loaded[:3])
"""


def test_the_web_process_loads_neither_tensorflow_nor_the_runtime_of_the_networks():
    told = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True, env=_environment())
    assert told.stdout.strip().splitlines()[-1] == "[]"


def _environment():
    import os

    return {**os.environ, "DJANGO_SETTINGS_MODULE": "mood_music.settings.test"}


@pytest.mark.django_db
def test_health_answers(client):
    assert client.get("/health/live/").json() == {"status": "ok"}
    assert client.get("/health/ready/").json() == {"status": "ready"}


@pytest.mark.django_db
def test_a_database_that_is_down_is_a_clean_503(client, monkeypatch):
    from django.db import OperationalError

    def down(*args, **kwargs):
        raise OperationalError("no route to host")

    monkeypatch.setattr("mood_music.pages.connection.cursor", down)
    answer = client.get("/health/ready/")
    assert answer.status_code == 503
    assert answer["Retry-After"] == "30"
    assert "no route" not in answer.content.decode()
