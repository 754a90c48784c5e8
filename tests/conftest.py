"""Fixtures that every folder of tests may use."""

from __future__ import annotations

import pytest
from django.test import Client
from hypothesis import settings as hypothesis_settings

from recommendations.catalogue import STARTER
from recommendations.catalogue_imports import catalogue_import
from tests.factories import UserFactory
from tests.support.pictures import encoded, picture
from tests.support.pipelines import ScriptedPipeline, face
from tests.support.stack import Stack
from tests.support.staff import staff_log_in

# How long an example takes says something of the machine, nothing of the code.
hypothesis_settings.register_profile("suite", deadline=None)
hypothesis_settings.load_profile("suite")


@pytest.fixture(autouse=True)
def _own_media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.TOMBSTONES_DIR = tmp_path / "tombstones"
    settings.MODELS_DIR = tmp_path / "models"


@pytest.fixture
def amy(db):
    return UserFactory(email="amy@example.org")


@pytest.fixture
def bob(db):
    return UserFactory(email="bob@example.org")


@pytest.fixture
def as_amy(client, amy):
    client.force_login(amy)
    return client


@pytest.fixture
def admin_client(admin_user):
    """Return the browser of an administrator who gave her second factor, in place of pytest-django's."""
    return staff_log_in(Client(), admin_user)


@pytest.fixture
def photo():
    return encoded(picture())


@pytest.fixture
def catalogue(db):
    catalogue_import(path=STARTER)


@pytest.fixture
def scripted(monkeypatch):
    """Put a scripted pipeline in the worker's place of the real one; a test may script it anew."""
    pipeline = ScriptedPipeline(face())
    monkeypatch.setattr("emotion.tasks.pipeline", lambda: pipeline)
    return pipeline


@pytest.fixture(scope="module")
def stack(tmp_path_factory):
    """Run the whole site on real parts for the tests of one module."""
    running = Stack(tmp_path_factory.mktemp("site")).prepare()
    try:
        yield running.start_all()
    finally:
        running.stop()
