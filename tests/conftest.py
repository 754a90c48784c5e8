"""Fixtures that every folder of tests may use."""

from __future__ import annotations

import pytest

from recommendations.catalogue import STARTER
from recommendations.services import catalogue_import
from tests.factories import UserFactory
from tests.support.pictures import encoded, picture
from tests.support.pipelines import ScriptedPipeline, face


@pytest.fixture(autouse=True)
def _own_media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"


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
