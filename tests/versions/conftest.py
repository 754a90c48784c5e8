"""What the tests of versions share."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from emotion.models import ModelVersion
from emotion.versions import services
from tests.support.artifacts import write_artifact
from tests.support.evaluations import compared, evaluation


@pytest.fixture
def make(tmp_path, db):
    """Return a function that makes a version; the active one is there from the start."""

    def version(name, **fields):
        folder = write_artifact(tmp_path / "made" / name, name, name.encode())
        made = services.version_from_artifact(folder=folder, origin=ModelVersion.Origin.TRAINED)
        for field, value in fields.items():
            setattr(made, field, value)
        made.save()
        return made

    return version


@pytest.fixture
def active(make):
    return make("first-face", status="active", promoted_at=timezone.now() - timedelta(days=9), evaluation=evaluation())


@pytest.fixture
def candidate(make, active):
    """Return a candidate that passes every gate."""
    return make("second-face", evaluation=compared(evaluation(), evaluation(), active.version))


@pytest.fixture
def worse(make, active):
    """Return a candidate that loses a class."""
    return make("worse-face", evaluation=compared(evaluation(fear=0.1), evaluation(), active.version))
